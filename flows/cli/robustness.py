"""`gwanmun robustness`: how firm a decision is, against other draws of items and raters and against other weightings."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from checks.contracts.errors import InputFault
from flows.cli.answers import console, only_the_answer, print_json, table
from flows.cli.decision_words import shown_points
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption

if TYPE_CHECKING:
    from checks.records.robustness import Robustness, WeightRegion


def robustness(
    programme: ProgrammeArgument,
    round_id: RoundOption = None,
    within: Annotated[
        str,
        typer.Option(
            metavar="SHARE",
            help="The second region of weightings: each top part keeps its points to within this share.",
        ),
    ] = "0.25",
    as_json: JsonOption = False,
) -> None:
    """Say how firm the ranking and the cut are.

    Items, raters and given errors are drawn anew 10,000 times, the same draws for all teams: an interval for each total, a
    set for each rank (95 %, all teams together), the probability that the cut takes the lowest, and every pair of teams
    compared. Then the top parts' points are weighted otherwise, over all weightings and over those within SHARE of the
    rules': who would be cut in what share of them, and who dominates whom under every weighting. Gates stay as they are
    judged. Leaves whose uncertainty nothing says are named and count as certain.
    """
    from checks.contracts.loading import load_programme
    from checks.rules.robustness import robustness as how_firm
    from warehouse.round_inputs import load_round_inputs

    share = _share(within)
    with only_the_answer():
        found = how_firm(load_round_inputs(load_programme(programme), round_id), share)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


def _share(text: str) -> Fraction:
    """A decimal above 0 and at most 1."""
    try:
        share = Decimal(text)
        if 0 < share <= 1:
            return Fraction(share)
    except InvalidOperation:
        pass
    raise InputFault("--within", found=repr(text), expected="a number above 0 and at most 1")


def _print(found: Robustness) -> None:
    terminal = console()
    terminal.print(_heading(found), style="bold")
    terminal.print(_teams(found))
    if found.cut is not None:
        names = ", ".join(found.cut.teams)
        terminal.print(
            f"하위 {found.cut.planned}팀은 {names}: 맞을 확률 {found.cut.probability:.3f} · "
            f"the lowest {found.cut.planned}: {names}, right with probability {found.cut.probability:.3f}"
        )
    if found.unknown:
        leaves = ", ".join(found.unknown)
        terminal.print(f"불확실성을 알 수 없는 항목: {leaves} · uncertainty unknown, taken as certain: {leaves}")
    terminal.print(_pairs(found))
    for region in found.regions:
        terminal.print(_region(region))
    for warning in found.warnings:
        terminal.print(f"주의: {warning.ko}\nWarning: {warning.en}", soft_wrap=True)


def _heading(found: Robustness) -> str:
    parts = [found.programme, found.round, f"rules {found.rules_version} ({found.rules_sha256[:12]})"]
    parts += ["모의 (simulated)"] if found.simulated else []
    return " · ".join([*parts, f"{found.resamples} resamples, seed {found.seed}, {found.level:.0%}"])


def _teams(found: Robustness) -> object:
    rows = table("#>", "팀 team", "총점 total>", "구간 interval>", "순위 집합 ranks>", "최하위 확률 P(lowest)>")
    for team in found.teams:
        chance = "–" if team.lowest_probability is None else f"{team.lowest_probability:.3f}"
        rows.add_row(
            str(team.rank),
            f"{team.team} {team.name.ko} · {team.name.en}",
            shown_points(team.total),
            f"{shown_points(team.interval[0])} … {shown_points(team.interval[1])}",
            _span(team.ranks),
            chance,
        )
    return rows


def _pairs(found: Robustness) -> object:
    rows = table(
        "위 above", "아래 below", "차이 difference>", "구간 interval>", "P>", "구별됨 told apart", "가중치 weightings"
    )
    for pair in found.pairs:
        over = "–" if pair.weightings is None else f"{pair.weightings:.1%}"
        rows.add_row(
            pair.above,
            pair.below,
            shown_points(pair.difference),
            f"{shown_points(pair.interval[0])} … {shown_points(pair.interval[1])}",
            f"{pair.probability:.3f}",
            "예 yes" if pair.told_apart else "아니오 no",
            "모두 all (우월 dominates)" if pair.dominates else over,
        )
    return rows


def _region(region: WeightRegion) -> object:
    title = "모든 가중치 · all weightings"
    if region.within is not None:
        title = f"각 항목 ±{region.within:.0%} 이내 · each part within ±{region.within:.0%}"
    rows = table("팀 team", "순위 ranks>", "탈락 비율 share cut>", "언제나 always", title=title)
    for team in region.teams:
        rows.add_row(team.team, _span(team.ranks), f"{team.cut_share:.1%}", "예 yes" if team.always else "아니오 no")
    return rows


def _span(ranks: tuple[int, int]) -> str:
    return str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]}–{ranks[1]}"
