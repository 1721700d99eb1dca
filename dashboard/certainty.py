"""The benchmark screen's second half: how certain scores are. What guessing comes to, what went wrong with answers, how the
ways of asking differ, and which teams are apart on the items that both answered."""

from collections.abc import Mapping
from math import log10

from checks.records.record import Text
from checks.records.scores import SuiteScores, TaskScore
from checks.rules.inputs import shown_score
from checks.rules.paired import PairedTest
from dashboard.blocks import download, label, mono, section, sentence, show_long_table
from dashboard.html_table import Html, HtmlNumber, Number
from dashboard.opened import View
from dashboard.words import certainty as words
from dashboard.words import shell, stages
from dashboard.words.language import inline
from dashboard.words.numbers import count_text, p_text

#: Below this, after Holm's correction, a difference is called real; the customary one.
SIGNIFICANT = 0.05


def show_certainty(shown: View, suite: str, scores: Mapping[str, SuiteScores]) -> None:
    """The sections; one about ways of asking only where there are several."""
    section(shown, words.ANSWERS, words.ANSWERS_NOTE)
    _answers(shown, suite, scores)
    if any(task.spread is not None for each in scores.values() for task in each.tasks):
        section(shown, words.WAYS, words.WAYS_NOTE)
        _ways(shown, suite, scores)
    if len(scores) > 1:
        section(shown, words.PAIRED, words.PAIRED_NOTE)
        _paired(shown, suite, scores)


def _rows(shown: View, scores: Mapping[str, SuiteScores]) -> list[tuple[Html, str, TaskScore]]:
    """(name as shown, name, score), task by task so that teams stand under one another."""
    teams = [team for team in shown.round.teams if team.id in scores]
    tasks = dict.fromkeys(task.task for each in scores.values() for task in each.tasks)
    return [
        (label(team.name, shown.language), inline(team.name, shown.language), score)
        for task in tasks
        for team in teams
        for score in scores[team.id].tasks
        if score.task == task
    ]


def _answers(shown: View, suite: str, scores: Mapping[str, SuiteScores]) -> None:
    rows, plain = [], []
    for shown_as, name, score in _rows(shown, scores):
        wrong = [score.unparsed, score.truncated, score.thinking_truncated, score.prompts_truncated]
        clusters = "–" if score.clusters is None else count_text(score.clusters)
        counts = [count_text(each) if score.answers else "–" for each in (score.answers, *wrong)]  # – in older records
        if any(wrong) or score.clusters is not None or not score.answers:
            rows.append([score.task, shown_as, Number(clusters), *map(Number, counts)])
        plain.append([score.task, name, str(score.clusters), *counts])
    columns = [stages.TASK, shell.TEAM, words.CLUSTERS, words.JUDGED]
    columns += [words.UNPARSED, words.TRUNCATED, words.THINKING_TRUNCATED, words.PROMPTS_TRUNCATED]
    heads = [inline(column, shown.language) for column in columns]
    if rows:
        show_long_table(shown, f"answers-{suite}", columns, rows, plain_columns=heads, plain_rows=plain)
    else:
        sentence(shown, words.NOTHING_WRONG)
        download(shown, f"answers-{suite}", heads, plain)


def _ways(shown: View, suite: str, scores: Mapping[str, SuiteScores]) -> None:
    rows, plain = [], []
    for shown_as, name, score in _rows(shown, scores):
        if score.spread is None:
            continue
        values = [score.spread.mean, score.spread.min, score.spread.max, score.spread.sd]
        passes = " ".join(f"{k}: {shown_score(score.metric, value):.1f}" for k, value in score.pass_at.items())
        majority = "–" if score.majority is None else f"{shown_score(score.metric, score.majority):.1f}"
        cells = [Number(str(len(score.ways))), *(Number(f"{shown_score(score.metric, each):.1f}") for each in values)]
        rows.append([score.task, shown_as, *cells, Number(majority), mono(passes or "–"), _each_way(score)])
        plain += [
            [score.task, name, way.name, str(way.repeat), str(way.value), str(way.unparsed), str(way.truncated)]
            for way in score.ways
        ]
    columns = [stages.TASK, shell.TEAM, words.WAY_COUNT, words.MEAN, words.LEAST, words.MOST, words.DEVIATION]
    columns += [words.MAJORITY, words.PASS_AT, words.EACH_WAY]
    heads = ["task", "team", "way", "repeat", "value", "unparsed", "truncated"]
    show_long_table(shown, f"ways-{suite}", columns, rows, plain_columns=heads, plain_rows=plain)


def _each_way(score: TaskScore) -> Html:
    """`own 41.0, template-1 38.5`: of each variant the mean over its draws."""
    of_name: dict[str, list[float]] = {}
    for way in score.ways:
        of_name.setdefault(way.name, []).append(way.value)
    means = [f"{name} {shown_score(score.metric, sum(values) / len(values)):.1f}" for name, values in of_name.items()]
    return mono(", ".join(means))


def _paired(shown: View, suite: str, scores: Mapping[str, SuiteScores]) -> None:
    """Every two teams, those apart first."""
    metrics = {task.task: task for each in scores.values() for task in each.tasks}
    names = {team.id: team.name for team in shown.round.teams}
    found = shown.paired(suite)
    rows, plain = [], []
    for each in sorted(found, key=lambda test: (test.holm is None, test.holm or 0.0)):
        ends = [label(names[team], shown.language) for team in (each.first, each.second)]
        difference = shown_score(metrics[each.task].metric, each.difference)
        error = None if each.stderr is None else shown_score(metrics[each.task].metric, each.stderr)
        rows.append([
            each.task, *ends, Number(count_text(each.n)), Number(f"{difference:+.1f}"),
            Number("–" if error is None else f"{error:.1f}"), Number(f"{each.only_first} : {each.only_second}"),
            _p(each.p_value), _p(each.holm), inline(_verdict(each), shown.language),
        ])  # fmt: skip
        plain.append([str(value) for value in vars(each).values()])
    columns = [stages.TASK, words.FIRST, words.SECOND, words.SHARED, words.DIFFERENCE, words.STANDARD_ERROR]
    columns += [words.ALONE, words.P_VALUE, words.HOLM, words.APART]
    heads = list(PairedTest.__dataclass_fields__)
    show_long_table(shown, f"paired-{suite}", columns, rows, plain_columns=heads, plain_rows=plain)


def _verdict(test: PairedTest) -> Text:
    if test.holm is None:
        return words.NOT_TOLD
    return words.ARE_APART if test.holm < SIGNIFICANT else words.NOT_APART


def _p(p_value: float | None) -> HtmlNumber | Number:
    return p_text(p_value, None if not p_value else log10(p_value))
