"""Measures what the submission says of its model against the tensors that are really there."""

import numpy as np

from checks.contracts.loading import LoadedSubmission
from checks.records.quality import Measurement
from tasks.checkpoints import Checkpoint, TensorRole
from tasks.data_quality.findings import Findings
from tasks.data_quality.licences import is_valid_licence
from tasks.data_quality.progress import Progress

#: What a submission can declare; a tensor whose component is none of these is for the independence stage to explain.
_KINDS = ("language_model", "vision_tower", "audio_tower", "projector")


def measure_manifest(
    loaded: LoadedSubmission, model: Checkpoint, roles: list[TensorRole], progress: Progress
) -> list[Measurement]:
    """Suite `manifest`; `roles` are those of the model's tensors."""
    found = Findings("manifest")
    declared = loaded.submission.model
    there = {role.component for role in roles if role.component in _KINDS}
    said = {component.id for component in declared.components}
    unfit = []
    for number, name in enumerate(sorted(model.tensors)):
        progress("weights", number + 1, len(model.tensors))
        if not np.isfinite(model.read(name)).all():
            unfit.append(name)
    found.counted("weights-finite", model.tensors, unfit)
    found.counted("components-declared", sorted(there), sorted(there - said))
    found.counted("components-present", sorted(said), sorted(said - there))
    _licence(found, "model", declared.licence)
    for component in declared.components:
        if component.origin == "borrowed" and component.licence is None:
            found.missing("licences-valid", subject=component.id)
        elif component.licence is not None:
            _licence(found, component.id, component.licence)
    return found.rows


def _licence(found: Findings, subject: str, expression: str) -> None:
    bad = [] if is_valid_licence(expression) else [expression or "(empty)"]
    found.counted("licences-valid", 1, bad, subject=subject)
