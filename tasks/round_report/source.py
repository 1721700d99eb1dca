"""All that a round's report is made from: the recorded decision with what the rules looked at, and how firm it is.

>>> read_report(load_programme(Path("demo/programme.yaml")), None).decision.vacancies        # doctest: +SKIP
1
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from checks.contracts.loading import LoadedProgramme
from checks.records.decisions import Decision
from checks.records.record import Text
from checks.records.robustness import Robustness
from checks.records.runs import RunRecord
from checks.rules.inputs import RoundInputs
from checks.rules.robustness import robustness
from warehouse.bundle import recorded_and_unchanged
from warehouse.reader import load_history, load_run
from warehouse.store import Warehouse

#: The region of weightings that `gwanmun robustness` shows as well.
WITHIN = Fraction(1, 4)


@dataclass(frozen=True)
class ReportSource:
    """One decided round. `decided_at` is when the decision was recorded, `decisions` how many there were; `runs` by team."""

    programme: Text
    decision: Decision
    inputs: RoundInputs
    firmness: Robustness
    decided_at: datetime
    decisions: int
    runs: Mapping[str, list[RunRecord]]

    def name(self, team: str) -> Text:
        """A team's name."""
        return next(each.name for each in self.inputs.round.teams if each.id == team)


def read_report(loaded: LoadedProgramme, round_id: str | None) -> ReportSource:
    """Reads programme and warehouse; raises InputFault where nothing is decided, or something has changed since."""
    round_ = loaded.round(round_id)
    decision, inputs, _ = recorded_and_unchanged(loaded, round_.id)
    warehouse = Warehouse(loaded.warehouse)
    history = load_history(warehouse, decision.programme, round_.id)
    runs = {team: [load_run(warehouse, run) for run in each.runs.values()] for team, each in inputs.teams.items()}
    return ReportSource(
        programme=loaded.programme.title,
        decision=decision,
        inputs=inputs,
        firmness=robustness(inputs, WITHIN),
        decided_at=history[-1].recorded_at,
        decisions=len(history),
        runs=runs,
    )
