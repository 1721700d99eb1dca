"""`gwanmun what-if`: other lawful rules side by side, and for each team out the smallest change that would have kept it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.answers import console, only_the_answer, print_json, table
from flows.cli.decision_words import decision_document, print_decision, status_text
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption

if TYPE_CHECKING:
    from checks.records.what_if import WhatIf


def what_if(
    programme: ProgrammeArgument,
    round_id: RoundOption = None,
    patch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A what-if patch: policy, points, gates, selection, rulings or points supposed."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Suppose other rules, and say what would have kept each team.

    The same round is decided again under each shipped policy and with each rule changed by itself, and it says who moves
    and why. For each team that is out it says the smallest change that would have kept it: points, a ruling, a rule; each
    was decided again, none is concluded. With --patch the changes in FILE come first and everything is counted from them.
    Nothing is measured or recorded; the answer is marked what-if, and `gwanmun bundle` takes no what-if.
    """
    from checks.contracts.loading import load_programme
    from warehouse.supposing import suppose_round

    with only_the_answer():
        found = suppose_round(load_programme(programme), round_id, patch)
    if as_json:
        document = found.model_dump(mode="json")
        if found.decision is not None:
            document["decision"] = decision_document(found.decision)
        print_json(document)
    else:
        _print(found)


def _print(found: WhatIf) -> None:
    terminal = console()
    if found.decision is not None:
        print_decision(found.decision)
        for each in found.moved:
            terminal.print(f"  {each.text.ko}\n  {each.text.en}", soft_wrap=True)
        terminal.print()
    terminal.print(_variants(found))
    for variant in found.variants:
        for each in variant.moved:
            terminal.print(f"  {variant.text.ko}: {each.text.ko}\n  {variant.text.en}: {each.text.en}", soft_wrap=True)
    for kept in found.kept:
        terminal.print(f"\n{kept.team} {kept.name.ko} · {kept.name.en} ({kept.eliminated_by})", style="bold")
        if not kept.remedies:
            terminal.print("  한 가지 변화로는 남지 못합니다.\n  No single change keeps it.")
        for remedy in kept.remedies:
            terminal.print(f"  {remedy.text.ko}\n  {remedy.text.en}", soft_wrap=True)


def _variants(found: WhatIf) -> object:
    """One row a variant, one column a team; who moves is marked."""
    teams = list(found.variants[0].statuses) if found.variants else []
    heading = f"{found.programme} · {found.round} · WHAT-IF (가정)" + (" · 모의 (simulated)" if found.simulated else "")
    rows = table("규칙 rules", *teams, "공석 vacant>", title=heading)
    for variant in found.variants:
        moved = {each.team for each in variant.moved}
        cells = []
        for team in teams:
            cell = status_text(variant.statuses[team])
            cells.append(cell.append(" ←") if team in moved else cell)
        rows.add_row(f"{variant.text.en} · {variant.text.ko}", *cells, str(variant.vacancies))
    return rows
