"""A round supposed otherwise: a patch read from its file, every policy that is to be looked at, and what would have been."""

from pathlib import Path

from pydantic import ValidationError

from checks.contracts.errors import InputFault
from checks.contracts.loading import SHIPPED_POLICIES, Loaded, LoadedProgramme, load_policy
from checks.contracts.patch import read_patch
from checks.records.what_if import WhatIf
from checks.rules.counterfactuals import what_if
from checks.rules.decision import decide
from warehouse.round_inputs import load_judged


def suppose_round(loaded: LoadedProgramme, round_id: str | None, patch_file: Path | None) -> WhatIf:
    """What would have been in the round. Raises InputFault for a faulty patch, NotMeasured as `decide` does."""
    round_ = loaded.round(round_id)
    patch = None if patch_file is None else read_patch(patch_file, round_)
    policies = {path.stem: load_policy(path.stem) for path in sorted(SHIPPED_POLICIES.glob("*.yaml"))}
    if patch is not None and patch.policy is not None:
        assert patch_file is not None
        if round_.policy is None:
            raise InputFault(patch_file, "policy", repr(patch.policy), f"none: {round_.id} has no policy")
        beside = Loaded(patch_file.absolute(), allow_outside=False)
        policies[patch.policy] = load_policy(patch.policy, beside)
    judged = load_judged(loaded, round_.id, policies)
    try:
        return what_if(judged, decide(judged.inputs), patch)
    except ValidationError as error:
        raise _contradiction(patch_file, error) from None


def _contradiction(patch_file: Path | None, error: ValidationError) -> InputFault:
    """Rules that the patch makes contradict themselves, in the words of the contract."""
    told = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    expected, _, found = told.partition("; ")
    return InputFault(patch_file or "", found=found or told, expected=expected if found else "rules that agree")
