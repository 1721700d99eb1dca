"""A decision for the person at the terminal: the ranking, and why each team stands where it stands, in Korean and English."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from checks.records.decision_words import GATE_RESULTS, STATUSES
from flows.cli.answers import console, table

if TYPE_CHECKING:
    from rich.text import Text

    from checks.records.decisions import Decision, GateOutcome, Standing, Status

#: Enough to tell teams apart on a page; JSON has every place, and comparisons use the exact value.
PLACES_SHOWN = Decimal("0.001")

_STATUS_STYLES: dict[Status, str] = {
    "advances": "green",
    "eliminated": "red",
    "review": "yellow",
    "withdrawn": "dim",
    "invalidated": "red strike",
}
_GATE_STYLES: dict[GateOutcome, str] = {
    "pass": "green",
    "fail": "red",
    "conditional": "yellow",
    "indeterminate": "yellow",
}


def decision_document(decision: Decision) -> dict[str, Any]:
    """The decision as `rank --json` prints it: `eliminated_by` only where a team is eliminated."""
    document = decision.model_dump(mode="json")
    for standing in document["standings"]:
        if standing["eliminated_by"] is None:
            del standing["eliminated_by"]
    return document


def print_decision(decision: Decision) -> None:
    """The ranking as a table, then the reasons team by team."""
    terminal = console()
    terminal.print(_heading(decision))
    terminal.print(_ranking(decision))
    advancing = sum(standing.status == "advances" for standing in decision.standings)
    terminal.print(
        f"정원 {decision.places}, 진출 {advancing}, 공석 {decision.vacancies} · "
        f"places {decision.places}, advancing {advancing}, vacant {decision.vacancies}"
    )
    for change in decision.amendments:
        terminal.print(f"  동결 후 변경 ({change.rules_version}) {change.text.ko}", style="yellow", soft_wrap=True)
        terminal.print(
            f"  changed after the freeze ({change.rules_version}) {change.text.en}", style="yellow", soft_wrap=True
        )
    for standing in decision.standings:
        terminal.print()
        terminal.print(_title(standing))
        for reason in standing.reasons:
            if reason.tells:
                terminal.print(f"  {reason.text.ko}\n  {reason.text.en}", soft_wrap=True)


def _heading(decision: Decision) -> Text:
    from rich.text import Text

    parts = [decision.programme, decision.round, f"rules {decision.rules_version} ({decision.rules_sha256[:12]})"]
    parts += [f"policy {decision.policy}"] if decision.policy else []
    heading = Text(" · ".join(parts), style="bold")
    if decision.simulated:
        heading.append(" · 모의 (simulated)", style="magenta")
    if decision.what_if:
        heading.append(" · WHAT-IF (가정)", style="bold yellow")
    return heading


def _ranking(decision: Decision) -> Any:
    ranked = [standing for standing in decision.standings if standing.scores]
    parts = [path for path in (ranked[0].scores if ranked else {}) if "." not in path]
    gates = list(dict.fromkeys(gate for standing in decision.standings for gate in standing.gates))
    columns = ["#>", "팀 team", "총점 total>", *(f"{part}>" for part in parts), *gates, "상태 status"]
    ranking = table(*columns, title="모의 점수 (simulated scores)" if decision.simulated else None)
    for standing in decision.standings:
        rank = "–" if standing.rank is None else str(standing.rank)
        points = [shown_points(standing.scores.get(part)) for part in parts]
        results = [_gate(standing.gates.get(gate)) for gate in gates]
        name = f"{standing.team} {standing.name.ko} · {standing.name.en}"
        ranking.add_row(rank, name, shown_points(standing.total), *points, *results, status_text(standing.status))
    return ranking


def shown_points(points: str | None) -> str:
    """Points with three places, or a dash."""
    if points is None:
        return "–"
    return format(Decimal(points).quantize(PLACES_SHOWN, ROUND_HALF_EVEN), "f")


def _gate(result: GateOutcome | None) -> Text:
    from rich.text import Text

    if result is None:
        return Text("–")
    return Text(f"{result} {GATE_RESULTS[result].ko}", style=_GATE_STYLES[result])


def status_text(status: Status) -> Text:
    """A status in both languages, in its colour."""
    from rich.text import Text

    return Text(f"{status} {STATUSES[status].ko}", style=_STATUS_STYLES[status])


def _title(standing: Standing) -> Text:
    from rich.text import Text

    title = Text(f"{standing.team} {standing.name.ko} · {standing.name.en}: ", style="bold")
    title.append(status_text(standing.status))
    if standing.eliminated_by is not None:
        title.append(f" ({standing.eliminated_by})")
    return title
