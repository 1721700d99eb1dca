"""The data-quality stage: every check with what was expected and seen, by suite and team, and contaminated items."""

import streamlit as st

from checks.contracts.programme import Team
from checks.records.quality import ExpectationResult, QualityReport
from dashboard.blocks import heading, label, mono, section, sentence, show_long_table, show_table
from dashboard.findings import CHECK_COLUMNS, check_rows, plain_check_rows
from dashboard.html_table import Html, Number
from dashboard.opened import View, pick_team, view
from dashboard.words import shell
from dashboard.words import stages as words
from dashboard.words.language import filled, inline, plain_label
from dashboard.words.numbers import count_text, share_text
from dashboard.words.signs import QUALITY, QUALITY_SUITE

OUTCOMES = ("fail", "conditional", "pass")


def show() -> None:
    """All teams in one table, then one team's checks."""
    shown = view()
    heading(shown, words.QUALITY_TITLE)
    reports = {team.id: report for team in shown.round.teams if (report := shown.quality(team.id)) is not None}
    section(shown, words.OVERVIEW)
    if not reports:
        sentence(shown, shell.NO_MEASUREMENTS)
        return
    _overview(shown, reports)
    team = pick_team(shown)
    report = reports.get(team.id)
    if report is None:
        sentence(shown, shown.why_not_measured(team.id, "data-quality"))
        return
    section(shown, words.CHECKS)
    _checks(shown, team, report)
    section(shown, words.CONTAMINATED)
    _contaminated(shown, team, report)


def _overview(shown: View, reports: dict[str, QualityReport]) -> None:
    """Teams × suites: the worst result, and how many checks of each kind."""
    suites = [suite for suite in QUALITY_SUITE if any(_of(each, suite) for each in reports.values())]
    rows, plain = [], []
    for team in shown.round.teams:
        if team.id not in reports:
            continue
        results = [_of(reports[team.id], suite) for suite in suites]
        rows.append([label(team.name, shown.language), *(_summary(shown, each) for each in results)])
        plain.append([team.id, *(_counts(each) for each in results)])
    columns = [shell.TEAM, *(QUALITY_SUITE[suite] for suite in suites)]
    show_table(shown, "quality", columns, rows, plain_rows=plain)


def _of(report: QualityReport, suite: str) -> list[ExpectationResult]:
    return [result for result in report.results if result.suite == suite]


def _summary(shown: View, results: list[ExpectationResult]) -> Html | str:
    if not results:
        return "–"
    chips = [
        f"{QUALITY[outcome].chip(shown.language)} {count}"
        for outcome in QUALITY
        if (count := sum(result.outcome == outcome for result in results))
    ]
    return Html("<br>".join(chips))


def _counts(results: list[ExpectationResult]) -> str:
    return ", ".join(f"{outcome} {sum(result.outcome == outcome for result in results)}" for outcome in QUALITY)


def _checks(shown: View, team: Team, report: QualityReport) -> None:
    left, right = st.columns([3, 2])
    names = {suite: inline(QUALITY_SUITE[suite], shown.language) for suite in QUALITY_SUITE if _of(report, suite)}
    chosen = left.multiselect(
        plain_label(inline(words.SUITES_OF_CHECKS, shown.language)),
        list(names),
        format_func=lambda each: names[each],
        placeholder=inline(words.ALL_ITEMS, shown.language),
        key="quality-suites",
    )
    only_open = right.toggle(plain_label(inline(words.NOT_PASSED, shown.language)), key="quality-open")
    results = [
        result
        for result in report.results
        if (not chosen or result.suite in chosen) and not (only_open and result.outcome == "pass")
    ]
    results.sort(key=lambda result: OUTCOMES.index(result.outcome))
    if not results:
        sentence(shown, filled(words.ALL_PASSED, count=str(len(report.results))))
        return
    heads = [inline(column, shown.language) for column in CHECK_COLUMNS]
    show_long_table(
        shown,
        f"checks-{team.id}",
        CHECK_COLUMNS,
        check_rows(shown, results),
        plain_columns=heads,
        plain_rows=plain_check_rows(results),
    )


def _contaminated(shown: View, team: Team, report: QualityReport) -> None:
    sentence(shown, filled(words.SCANNED, count=count_text(report.items_scanned)))
    if not report.contaminated:
        sentence(shown, words.NO_CONTAMINATION)
        return
    rows = [
        [
            found.task,
            str(found.item),
            mono(found.document),
            label(words.KINDS[found.kind], shown.language),
            Number(count_text(found.longest_run)),
            Number(share_text(found.coverage)),
        ]
        for found in report.contaminated
    ]
    plain = [[str(value) for value in found.model_dump().values()] for found in report.contaminated]
    columns = [words.TASK, words.ITEM, words.DOCUMENT, words.KIND, words.LONGEST_RUN, words.COVERED]
    show_table(shown, f"contaminated-{team.id}", columns, rows, plain_rows=plain)


show()
