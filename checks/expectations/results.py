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
        Text(ko="생성 답변이 비어 있지 않다", en="generated answers are not empty"),
        "checks of results before ranking",
        high="empty_outputs_max",
    ),
)
