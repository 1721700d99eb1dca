"""The tables of acts that a round names, found and read: who did what to it beside rating it."""

from pathlib import Path
from typing import TYPE_CHECKING

from checks.contracts.acts import (
    Acts,
    read_adjustments,
    read_appeals,
    read_invalidations,
    read_late_evidence,
    read_votes,
    read_waivers,
    read_wildcards,
)
from checks.contracts.programme import BaselineGate, PanelMajorityGate, Round, ThresholdGate

if TYPE_CHECKING:
    from checks.contracts.loading import LoadedProgramme


def act_files(loaded: "LoadedProgramme", round_: Round) -> dict[str, Path]:
    """Key in the round → the table that it names."""
    named = {
        "adjustments": round_.adjustments,
        "waivers": round_.waivers,
        "select.wildcards": round_.select.wildcards,
        "appeals": round_.appeals,
        "invalidations": round_.invalidations,
    }
    files = {key: rule.file for key, rule in named.items() if rule is not None}
    if round_.freeze is not None and round_.freeze.late_evidence is not None:
        files["freeze"] = round_.freeze.late_evidence
    files |= {f"gates.{gate.id}": gate.votes for gate in round_.gates if isinstance(gate, PanelMajorityGate)}
    return {key: loaded.named(file, f"rounds.{round_.id}.{key}") for key, file in files.items()}


def load_acts(loaded: "LoadedProgramme", round_: Round) -> Acts:
    """What people did to the round, read now; raises InputFault for a fault in a table."""
    files = act_files(loaded, round_)
    teams, gates = [team.id for team in round_.teams], [gate.id for gate in round_.gates]
    bounded = [gate.id for gate in round_.gates if isinstance(gate, ThresholdGate | BaselineGate)]
    wildcards, freeze = round_.select.wildcards, round_.freeze
    return Acts(
        adjustments=read_adjustments(files["adjustments"], teams) if "adjustments" in files else [],
        waivers=read_waivers(files["waivers"], teams, bounded) if "waivers" in files else [],
        wildcards=read_wildcards(files["select.wildcards"], teams, wildcards.most) if wildcards is not None else [],
        votes={gate: read_votes(files[f"gates.{gate}"], teams) for gate in gates if f"gates.{gate}" in files},
        appeals=read_appeals(files["appeals"], teams, gates, _signers(loaded, round_)) if "appeals" in files else [],
        invalidations=read_invalidations(files["invalidations"], teams, round_.invalidations.at_least)
        if round_.invalidations is not None
        else [],
        late_evidence=read_late_evidence(files["freeze"], teams, freeze.evidence)
        if freeze is not None and "freeze" in files
        else [],
    )


def _signers(loaded: "LoadedProgramme", round_: Round) -> dict[tuple[str, str], tuple[str, str]]:
    """By team and gate, who signed the ruling, where these may not sit on the appeal."""
    if round_.appeals is None or round_.appeals.original_panel == "allowed":
        return {}
    return {(each.team, each.gate): (each.signed_by, each.second_signature) for each in loaded.rulings(round_)}
