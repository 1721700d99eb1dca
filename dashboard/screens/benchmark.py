"""The benchmark stage: every task's score with its interval, team by team, and any single item opened."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from checks.records.record import Text
from checks.records.scores import ItemResult, SuiteScores, TaskScore, WayScore
from checks.rules.inputs import UNSCALED_METRICS, shown_score
from checks.rules.reasons import imported_reason
from dashboard.blocks import heading, label, mono, section, sentence, show_chart, show_long_table, show_table
from dashboard.certainty import show_certainty
from dashboard.charts.intervals import Interval, intervals_chart
from dashboard.html_table import Html, Number
from dashboard.item_document import ItemDocument, item_document
from dashboard.opened import View, view
from dashboard.words import certainty, shell
from dashboard.words import stages as words
from dashboard.words.language import inline, plain_label
from dashboard.words.numbers import count_text

#: An item's value from here on counts as right; accuracies are 0 or 1, other metrics stand between.
RIGHT_FROM = 1.0
PICTURE_WIDTH = 160
#: Enough of a hash for the eye; the download has all of it.
SHORT_HASH = 12


def show() -> None:
    """The page for the suite that is picked."""
    shown = view()
    heading(shown, words.BENCHMARK_TITLE)
    suites = shown.round.suites()
    if not suites:
        sentence(shown, shell.NO_MEASUREMENTS)
        return
    suite = st.selectbox(plain_label(inline(words.SUITE, shown.language)), suites, key="suite")
    scores = {team.id: found for team in shown.round.teams if (found := shown.scores(team.id, suite)) is not None}
    section(shown, words.SCORES, words.SCORES_NOTE)
    if not scores:
        sentence(shown, shell.NO_MEASUREMENTS)
        return
    _score_table(shown, suite, scores)
    _intervals(shown, scores)
    show_certainty(shown, suite, scores)
    section(shown, words.ITEMS_TITLE)
    _items(shown, suite, scores)
    section(shown, words.SETTINGS)
    _settings(shown, scores)


def _tasks(scores: dict[str, SuiteScores]) -> list[str]:
    return list(dict.fromkeys(task.task for each in scores.values() for task in each.tasks))


def _found(scores: SuiteScores, task: str) -> TaskScore | None:
    return next((each for each in scores.tasks if each.task == task), None)


def _score_table(shown: View, suite: str, scores: dict[str, SuiteScores]) -> None:
    """Tasks × teams, the score × 100 with its interval; a team that was not measured says why."""
    teams = shown.round.teams
    rows, plain = [], []
    for task in _tasks(scores):
        found = [_found(scores[team.id], task) if team.id in scores else None for team in teams]
        first = next(each for each in found if each is not None)
        chance = "–" if first.chance is None else f"{shown_score(first.metric, first.chance):.1f}"
        cells = [Html(_score_cell(shown, each)) for each in found]
        rows.append([task, first.metric, Number(count_text(first.n)), Number(chance), *cells])
        plain.append([task, first.metric, str(first.n), str(first.chance), *(_plain_score(each) for each in found)])
    columns = [words.TASK, words.METRIC, words.ITEMS, certainty.CHANCE, *(team.name for team in teams)]
    show_table(shown, f"scores-{suite}", columns, rows, plain_rows=plain)
    for team in teams:
        if team.id not in scores and team.withdrawn is None:
            why = shown.why_not_measured(team.id, "benchmark")
            sentence(shown, Text(ko=f"{team.name.ko}: {why.ko}", en=f"{team.name.en}: {why.en}"))
        imported = scores[team.id].imported if team.id in scores else None
        if imported is not None:
            said = imported_reason(suite, imported, ()).text
            sentence(shown, Text(ko=f"{team.name.ko}: {said.ko}", en=f"{team.name.en}: {said.en}"))


def _score_cell(shown: View, score: TaskScore | None) -> str:
    if score is None:
        return "–"
    low, high = _interval(score)
    interval = f"[{low:.1f}, {high:.1f}]" if low is not None and high is not None else ""
    said = f" {inline(certainty.AT_CHANCE, shown.language)}" if score.at_chance else ""
    return f'<b>{shown_score(score.metric, score.value):.1f}</b> <span class="gw-second">{interval}{said}</span>'


def _plain_score(score: TaskScore | None) -> str:
    if score is None:
        return ""
    low, high = _interval(score)
    interval = f" [{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
    return f"{shown_score(score.metric, score.value):.2f}{interval}"


def _interval(score: TaskScore) -> tuple[float | None, float | None]:
    if score.ci95 is None:
        return None, None
    return shown_score(score.metric, score.ci95[0]), shown_score(score.metric, score.ci95[1])


def _intervals(shown: View, scores: dict[str, SuiteScores]) -> None:
    """The chart of the scores that run from 0 to 100; others have no scale in common."""
    intervals = [
        Interval(
            score.task, inline(team.name, shown.language), shown_score(score.metric, score.value), *_interval(score)
        )
        for team in shown.round.teams
        if team.id in scores
        for score in scores[team.id].tasks
        if score.metric not in UNSCALED_METRICS
    ]
    if not intervals:
        return
    teams = [inline(team.name, shown.language) for team in shown.round.teams if team.id in scores]
    show_chart(shown, intervals_chart(intervals, teams, inline(words.SCORE, shown.language)), "content")


def _items(shown: View, suite: str, scores: dict[str, SuiteScores]) -> None:
    """Pick a task, a team, and an item; the item is shown for every team, for they got the same question."""
    left, middle, right = st.columns([2, 2, 2])
    names = {team.id: inline(team.name, shown.language) for team in shown.round.teams}
    answers = {"all": words.ALL_ITEMS, "right": words.RIGHT, "wrong": words.WRONG}
    task = left.selectbox(plain_label(inline(words.TASK, shown.language)), _tasks(scores), key="item-task")
    team = middle.selectbox(
        plain_label(inline(shell.TEAM, shown.language)),
        list(scores),
        format_func=lambda each: names[each],
        key="item-team",
    )
    which = right.radio(
        plain_label(inline(words.SHOW, shown.language)),
        list(answers),
        format_func=lambda each: inline(answers[each], shown.language),
        horizontal=True,
        key="item-which",
    )
    items = [item for item in scores[team].items if item.task == task and _wanted(item, which)]
    if not items:
        sentence(shown, shell.NONE)
        return
    found = _found(scores[team], task)
    _item_list(shown, task, team, items, [] if found is None else found.ways)
    numbers = list(dict.fromkeys(item.item for item in items))
    number = st.selectbox(plain_label(inline(words.ITEM, shown.language)), numbers, key="item-number")
    _document(shown, item_document(shown.loaded.suites[suite], task, number) if shown.up_to_date else None)
    _one_item(shown, scores, task, number)


def _wanted(item: ItemResult, which: str) -> bool:
    return which == "all" or (item.correct >= RIGHT_FROM) == (which == "right")


def _item_list(shown: View, task: str, team: str, items: Sequence[ItemResult], ways: Sequence[WayScore]) -> None:
    """All items of one team's task, a page at a time, and a download with every field."""
    rows = [
        [
            str(item.item),
            _way_name(ways, item),
            _right_or_wrong(shown, item),
            item.answer or item.output or ("–" if item.prediction is None else str(item.prediction)),
            _went_wrong(shown, item),
            Number(count_text(item.tokens + item.thinking_tokens)),
        ]
        for item in items
    ]
    fields = list(ItemResult.model_fields)
    plain = [[str(value) for value in item.model_dump().values()] for item in items]
    columns = [words.ITEM, certainty.WAY, words.CORRECT, words.ANSWER, certainty.STATE, words.TOKENS]
    show_long_table(shown, f"items-{task}-{team}", columns, rows, plain_columns=fields, plain_rows=plain)


def _way_name(ways: Sequence[WayScore], item: ItemResult) -> str:
    """`order-2 #0`: the way of asking and the draw; the draw alone where there is one way."""
    name = next((way.name for way in ways if way.variant == item.variant), "")
    return f"{name} #{item.repeat}".strip()


def _went_wrong(shown: View, item: ItemResult) -> str:
    """What is to be known of an answer besides right and wrong; a dash where nothing is."""
    states = {
        "unparsed": certainty.UNPARSED_WORD,
        "truncated": certainty.TRUNCATED_WORD,
        "thinking_truncated": certainty.THINKING_TRUNCATED_WORD,
        "prompt_truncated": certainty.PROMPT_TRUNCATED_WORD,
    }
    return ", ".join(inline(word, shown.language) for name, word in states.items() if getattr(item, name)) or "–"


def _right_or_wrong(shown: View, item: ItemResult) -> str:
    if item.correct >= RIGHT_FROM:
        return f"○ {inline(words.RIGHT, shown.language)}"
    if item.correct <= 0:
        return f"× {inline(words.WRONG, shown.language)}"
    return f"△ {inline(words.PARTLY, shown.language)} {item.correct:.2f}"


def _document(shown: View, document: ItemDocument | None) -> None:
    """What was asked: the item's fields and picture."""
    if document is None:
        sentence(shown, words.NO_DOCUMENT)
        return
    rows = [[mono(name), value] for name, value in document.fields.items()]
    show_table(shown, "document", [words.FIELD, words.VALUE], rows, caption=words.DOCUMENT_TITLE)
    for picture in document.pictures:
        st.image(picture, width=PICTURE_WIDTH)


def _one_item(shown: View, scores: dict[str, SuiteScores], task: str, number: int) -> None:
    """How every team did on the item."""
    found = [
        (team, [way for each in scores[team.id].tasks if each.task == task for way in each.ways], item)
        for team in shown.round.teams
        if team.id in scores
        for item in scores[team.id].items
        if item.task == task and item.item == number
    ]
    rows = [
        [
            label(team.name, shown.language),
            _way_name(ways, item),
            _right_or_wrong(shown, item),
            "–" if item.prediction is None else str(item.prediction),
            Html(" ".join(mono(f"{value:.3f}") for value in item.loglikelihoods) or "–"),
            mono(item.output) if item.output else "–",
            mono(item.answer) if item.answer else "–",
            _went_wrong(shown, item),
            Number(count_text(item.tokens)),
            "–" if item.seconds is None else Number(f"{item.seconds:.3f}"),
            mono(item.prompt_sha256[:SHORT_HASH] + "…"),
        ]
        for team, ways, item in found
    ]
    columns = [shell.TEAM, certainty.WAY, words.CORRECT, words.PREDICTION, words.LOGLIKELIHOODS, words.OUTPUT]
    columns += [certainty.TAKEN, certainty.STATE, words.TOKENS, certainty.SECONDS, words.PROMPT_HASH]
    show_table(shown, "item", columns, rows)
    _thoughts(shown, [(label(team.name, shown.language), _way_name(ways, item), item) for team, ways, item in found])
    hashes: dict[tuple[int, int], set[str]] = {}
    for _, _, item in found:
        hashes.setdefault((item.variant, item.repeat), set()).add(item.prompt_sha256)
    same = all(len(each) == 1 for each in hashes.values())
    sentence(shown, words.SAME_PROMPT if same else words.OTHER_PROMPT)


def _thoughts(shown: View, found: Sequence[tuple[str, str, ItemResult]]) -> None:
    """What models thought before they answered, where they did."""
    rows = [
        [name, way, Number(count_text(item.thinking_tokens)), mono(item.thinking)]
        for name, way, item in found
        if item.thinking
    ]
    if rows:
        columns = [shell.TEAM, certainty.WAY, words.TOKENS, certainty.THINKING]
        show_table(shown, "thoughts", columns, rows, caption=certainty.THINKING)


def _settings(shown: View, scores: dict[str, SuiteScores]) -> None:
    """What must be equal between teams, and whether it is."""
    settings = [dict(_flat(each.settings)) for each in scores.values()]
    keys = list(dict.fromkeys(key for each in settings for key in each))
    found = {key: list(dict.fromkeys(each.get(key, "–") for each in settings)) for key in keys}
    same = all(len(values) == 1 for values in found.values())
    sentence(shown, words.SETTINGS_SAME if same else words.SETTINGS_DIFFER)
    if not found:
        return
    differing_first = sorted(found, key=lambda key: len(found[key]) == 1)
    rows = [[mono(key), Html("<br>".join(mono(value) for value in found[key]))] for key in differing_first]
    plain = [[key, " | ".join(found[key])] for key in differing_first]
    columns = [words.SETTING, words.VALUE]
    heads = [inline(column, shown.language) for column in columns]
    show_long_table(shown, "settings", columns, rows, plain_columns=heads, plain_rows=plain)


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as lines: `tasks.josa.fewshot`."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


show()
