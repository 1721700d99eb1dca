"""How firm the decision is: what totals and ranks may be, other weightings, and what would have kept each team that is out."""

from fractions import Fraction

from checks.records.record import Text
from checks.records.robustness import Robustness
from checks.rules.counterfactuals import Judged, what_if
from checks.rules.robustness import robustness
from dashboard.blocks import decision_note, heading, label, section, sentence, show_table
from dashboard.html_table import Html, Number
from dashboard.opened import View, view, with_decision
from dashboard.words import robustness as words
from dashboard.words import shell
from dashboard.words.language import filled, named_as_is, stacked_html
from dashboard.words.numbers import points_text

#: The second region of weightings; the command's own default.
WITHIN = Fraction(1, 4)


def show() -> None:
    """Everything from the files as they are now."""
    shown = view()
    heading(shown, words.TITLE)
    decision_note(shown)
    shown.current_or_stop()
    firm = robustness(shown.inputs_or_stop(), WITHIN)
    sentence(shown, filled(words.DRAWN, resamples=f"{firm.resamples:,}", level=f"{firm.level:.0%}"))
    _totals(shown, firm)
    if firm.warnings:
        section(shown, words.WARNINGS)
        for warning in firm.warnings:
            sentence(shown, warning)
    if firm.regions:
        section(shown, words.WEIGHTS)
        _weightings(shown, firm)
    section(shown, words.PAIRS)
    _pairs(shown, firm)
    section(shown, words.KEPT, words.KEPT_NOTE)
    _kept(shown)


def _totals(shown: View, firm: Robustness) -> None:
    section(shown, words.TOTALS)
    columns = [shell.TEAM, words.TOTAL, words.INTERVAL, words.RANK, words.RANKS, words.LOWEST]
    rows = [
        [
            label(team.name, shown.language),
            Number(points_text(team.total)),
            Number(" … ".join(points_text(bound) for bound in team.interval)),
            Number(str(team.rank)),
            Number(_span(team.ranks)),
            Number("–" if team.lowest_probability is None else f"{team.lowest_probability:.3f}"),
        ]
        for team in firm.teams
    ]
    show_table(shown, "firmness", columns, rows, plain_rows=_plain(firm))
    if firm.cut is not None:
        facts = {"planned": str(firm.cut.planned), "teams": ", ".join(firm.cut.teams)}
        sentence(shown, filled(words.CUT, **facts, chance=f"{firm.cut.probability:.3f}"))
    if firm.unknown:
        sentence(shown, filled(words.UNKNOWN, leaves=", ".join(firm.unknown)))


def _plain(firm: Robustness) -> list[list[str]]:
    return [
        [
            team.team,
            team.total,
            " … ".join(team.interval),
            str(team.rank),
            _span(team.ranks),
            "" if team.lowest_probability is None else f"{team.lowest_probability:.4f}",
        ]
        for team in firm.teams
    ]


def _weightings(shown: View, firm: Robustness) -> None:
    rows = [
        [
            label(_region(region.within), shown.language),
            label(named_as_is(team.team), shown.language),
            Number(_span(team.ranks)),
            Number(f"{team.cut_share:.1%}"),
            label(shell.YES if team.always else shell.NO, shown.language),
        ]
        for region in firm.regions
        for team in region.teams
    ]
    columns = [words.REGION, shell.TEAM, words.RANKS, words.CUT_SHARE, words.ALWAYS]
    show_table(shown, "weightings", columns, rows)


def _region(within: float | None) -> Text:
    return words.ALL_WEIGHTS if within is None else filled(words.NEAR_WEIGHTS, share=f"{within:.0%}")


def _pairs(shown: View, firm: Robustness) -> None:
    rows = [
        [
            label(named_as_is(pair.above), shown.language),
            label(named_as_is(pair.below), shown.language),
            Number(points_text(pair.difference)),
            Number(" … ".join(points_text(bound) for bound in pair.interval)),
            Number(f"{pair.probability:.3f}"),
            label(shell.YES if pair.told_apart else shell.NO, shown.language),
            label(shell.YES if pair.dominates else shell.NO, shown.language),
        ]
        for pair in firm.pairs
    ]
    columns = [
        words.ABOVE,
        words.BELOW,
        words.DIFFERENCE,
        words.INTERVAL,
        words.PROBABILITY,
        words.APART,
        words.DOMINATES,
    ]
    show_table(shown, "pairs", columns, rows)


def _kept(shown: View) -> None:
    """For each team that is out, every single change that would have kept it, decided again."""
    found = what_if(Judged(shown.inputs_or_stop(), {}), shown.current_or_stop(), None)
    rows = []
    for kept in found.kept:
        told = [(words.KINDS[each.kind], each.text) for each in kept.remedies] or [(shell.NONE, words.NO_CHANGE)]
        rows += [
            [
                label(kept.name, shown.language),
                label(kind, shown.language),
                Html(stacked_html(text, shown.language)),
            ]
            for kind, text in told
        ]
    show_table(with_decision(shown, shown.current_or_stop()), "kept", [shell.TEAM, words.CHANGE, words.KEPT], rows)


def _span(ranks: tuple[int, int]) -> str:
    return str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]}–{ranks[1]}"


show()
