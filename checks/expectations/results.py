"""Suite `results`: whether a benchmark's results are fit to be ranked, task by task."""

from checks.expectations.check import Check
from checks.records.record import Text

CHECKS: tuple[Check, ...] = (
    Check(
        "results",
        "items-complete",
        "hard",
        Text(ko="기대한 모든 문항이 한 번씩 채점되었다", en="every expected item was scored once"),
        "checks of results before ranking",
        high=0,
        seen=Text(
            ko="기대 {rows:,}건 중 빠지거나 겹친 것 {bad:,}건", en="{bad:,} missing, doubled or unknown of {rows:,}"
        ),
    ),
    Check(
        "results",
        "score-is-mean",
        "hard",
        Text(ko="점수가 문항 결과의 평균과 같다", en="the score is the mean of its items"),
        "checks of results before ranking",
        high="score_distance_max",
        seen=Text(ko="차이 {value:.2g}", en="{value:.2g} apart"),
    ),
    Check(
        "results",
        "values-in-range",
        "hard",
        Text(ko="점수와 문항 결과가 0과 1 사이의 수이다", en="the score and its items are numbers from 0 to 1"),
        "checks of results before ranking; metrics that are no shares need only be finite",
        high=0,
    ),
    Check(
        "results",
        "empty-outputs",
        "soft",
        Text(ko="생성 답변에서 답을 찾을 수 있다", en="an answer is found in what was generated"),
        "checks of results before ranking",
        high="empty_outputs_max",
    ),
    Check(
        "results",
        "truncated-outputs",
        "soft",
        Text(ko="생성 답변이 길이 제한에서 잘리지 않았다", en="generated answers are not cut off at the task's limit"),
        "checks of results before ranking; a text that ended at the task's limit of tokens",
        high="truncated_outputs_max",
    ),
    Check(
        "results",
        "same-settings",
        "hard",
        Text(
            ko="다른 팀과 같은 도구, 시드, 설정으로 채점되었다",
            en="the same harness, seed, versions and settings as the other teams'",
        ),
        "checks of results before ranking",
        high=0,
        seen=Text(
            ko="다른 {rows}개 팀 중 설정이 다른 팀 {bad}개", en="{bad} of {rows} other teams have other settings"
        ),
    ),
    Check(
        "results",
        "same-prompts",
        "hard",
        Text(ko="다른 팀과 같은 물음으로 채점되었다", en="the same prompts as the other teams'"),
        "checks of results before ranking; by the hash of every item's prompt",
        high=0,
    ),
    Check(
        "results",
        "identical-outputs",
        "soft",
        Text(ko="답변이 다른 팀의 답변과 같지 않다", en="the answers are not another team's"),
        "checks of results before ranking; texts of 32 letters or more, and log-likelihoods, to the last bit",
        high="identical_outputs_max",
        seen=Text(ko="답변 {rows:,}건 중 {bad:,}건이 같다", en="{bad:,} of {rows:,} answers are the same"),
    ),
    Check(
        "results",
        "inside-window",
        "hard",
        Text(ko="평가 기간 안에 채점되었다", en="measured inside the round's window"),
        "checks of results before ranking",
        high=0,
        seen=Text(ko="기간을 {value:,.0f}초 벗어났다", en="{value:,.0f} seconds outside"),
    ),
)
