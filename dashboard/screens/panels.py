"""The page of panels: how each rater judged, what the committee ruled and who signed it, and who took no part."""

from decimal import Decimal
from statistics import mean

from checks.contracts.panels import RaterSheets
from checks.contracts.rulings import Ruling
from checks.records.decision_words import named
from checks.rules.numbers import decimal_text, readable
from checks.rules.outlying_raters import outlying_raters
from checks.rules.severity import severities
from checks.rules.typed_rulings import OpenRuling, conflicts, open_rulings
from dashboard.blocks import heading, label, section, sentence, show_table
from dashboard.html_table import Html, Number
from dashboard.opened import View, view
from dashboard.panel_forms import conflict_form, countersign_form, ruling_form, said_last
from dashboard.words import panels as words
from dashboard.words import shell
from dashboard.words.language import filled
from dashboard.words.numbers import points_text, signed_text
from dashboard.words.signs import GATE
from warehouse.life_cycle import load_chain


def show() -> None:
    """Raters leaf by leaf, then rulings with their forms, then conflicts."""
    shown = view()
    heading(shown, words.TITLE)
    inputs = shown.inputs_or_stop()
    said_last(shown)
    if not inputs.raters:
        sentence(shown, words.NO_PANEL)
    for leaf, sheets in inputs.raters.items():
        _raters(shown, leaf, sheets)
    chain = load_chain(shown.warehouse, shown.loaded.programme.programme, shown.round.id)
    section(shown, words.RULINGS, words.RULINGS_NOTE)
    waiting = open_rulings(chain)
    _rulings(shown, list(inputs.rulings), waiting)
    sentence(shown, words.NAME_NOTE)
    if waiting:
        countersign_form(shown, waiting)
    if shown.round.gates:
        ruling_form(shown)
    section(shown, words.CONFLICTS, words.CONFLICTS_NOTE)
    declared = conflicts(chain)
    if declared:
        rows = [[each.person, _team(shown, each.team), each.reason, each.declared_at[:19]] for each in declared]
        show_table(shown, "conflicts", [words.PERSON, shell.TEAM, words.REASON, words.WHEN], rows)
    else:
        sentence(shown, words.NO_CONFLICTS)
    conflict_form(shown)


def _raters(shown: View, leaf: str, sheets: RaterSheets) -> None:
    name = named(leaf)
    section(shown, filled(words.RATERS, leaf_ko=name.ko, leaf_en=name.en), words.RATERS_NOTE)
    apart = sheets.apart()
    found = {} if apart is not None else severities(sheets)
    if apart is not None:
        sentence(shown, filled(words.APART, team=apart))
    raters = sorted({rater for given in sheets.values.values() for rater in given})
    raters += sorted({rater for recused in sheets.recused.values() for rater in recused} - set(raters))
    rows, plain = [], []
    for rater in raters:
        given = [float(values[rater]) for values in sheets.values.values() if rater in values]
        recused = [team for team, codes in sheets.recused.items() if rater in codes]
        average = f"{mean(given):.3f}" if given else ""
        severity = found.get(rater)
        rows.append(
            [
                rater,
                Number(str(len(given))),
                Number(points_text(average) if average else "–"),
                Number("–" if severity is None else signed_text(Decimal(decimal_text(severity)))),
                ", ".join(recused) or "–",
            ]
        )
        plain.append(
            [rater, str(len(given)), average, "" if severity is None else readable(severity), " ".join(recused)]
        )
    columns = [words.RATER, words.TEAMS_JUDGED, words.MEAN, words.SEVERITY, words.RECUSED]
    show_table(shown, f"raters-{leaf}", columns, rows, plain_rows=plain)
    far = outlying_raters(leaf, sheets)
    sentence(shown, words.FAR if far else words.NONE_FAR)
    for each in far:
        sentence(shown, each)


def _rulings(shown: View, counted: list[Ruling], waiting: list[OpenRuling]) -> None:
    rows = [
        [
            _team(shown, each.team),
            label(named(each.gate), shown.language),
            Html(GATE[each.result].chip(shown.language)),
            each.reason,
            each.evidence or "–",
            f"{each.signed_by}, {each.second_signature}",
            label(words.COUNTS, shown.language),
        ]
        for each in counted
    ]
    rows += [
        [
            _team(shown, each.team),
            label(named(each.gate), shown.language),
            each.result,
            each.reason,
            each.evidence or "–",
            each.signed_by,
            label(words.WAITS, shown.language),
        ]
        for each in waiting
    ]
    if not rows:
        sentence(shown, words.NO_RULINGS)
        return
    columns = [shell.TEAM, words.GATE, words.RESULT, words.REASON, words.EVIDENCE, words.SIGNATURES, words.STATE]
    show_table(shown, "rulings", columns, rows)


def _team(shown: View, team: str) -> Html:
    name = next((each.name for each in shown.round.teams if each.id == team), None)
    return label(name, shown.language) if name is not None else Html("")


show()
