"""`rulings.csv`: what a panel decided about a gate, signed by two different people."""

from pathlib import Path
from typing import get_args

from checks.contracts.errors import InputFault
from checks.contracts.tables import plain_name, read_table
from checks.records.decisions import GateOutcome
from checks.records.record import Record


class Ruling(Record):
    """One ruling; it overrides the gate's own result for that team, and both are shown."""

    team: str
    gate: str
    result: GateOutcome
    reason: str
    signed_by: str
    second_signature: str
    evidence: str = ""


def read_rulings(path: Path, teams: list[str], gates: list[str]) -> list[Ruling]:
    """`team,gate,result,reason,signed_by,second_signature,evidence`; every field but `evidence` is required.

    Raises InputFault for an unknown team or gate, a second ruling on the same gate, or one person signing twice.
    """
    columns = ("team", "gate", "result", "reason", "signed_by", "second_signature")
    rulings: dict[tuple[str, str], Ruling] = {}
    for row in read_table(path, columns, ("evidence",), may_be_empty=True):
        team, gate = row.known("team", teams), row.known("gate", gates)
        row.known("result", get_args(GateOutcome))
        if (team, gate) in rulings:
            raise InputFault(path, "gate", f"a second ruling on {gate!r} for {team!r}", "one", line=row.line)
        cells = {column: row.text(column) for column in columns}
        if is_same_person(cells["signed_by"], cells["second_signature"]):
            raise InputFault(path, "second_signature", repr(cells["second_signature"]), "another person", line=row.line)
        rulings[team, gate] = Ruling.model_validate(cells | {"evidence": row.cells.get("evidence", "")})
    return list(rulings.values())


def is_same_person(first: str, second: str) -> bool:
    """Whether two signatures are one name, in whatever spelling, width or spacing."""
    return plain_name(first) == plain_name(second)
