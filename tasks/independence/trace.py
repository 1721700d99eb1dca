"""`trace`: one checkpoint against references, component by component, with the whole family of p-values corrected.

>>> trace(Path("submissions/t2/model"), {"globe-vl": Path("models/globe-vl")}).verdict
'derived'
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from checks.records.lineage import ComponentFinding, CoverageRow, ReferenceFinding, Trace, Verdict
from tasks.checkpoints import Checkpoint, TensorRole, assign_roles, open_checkpoint
from tasks.independence.architecture import compare_architectures
from tasks.independence.chain import chain_findings, opened_steps
from tasks.independence.component_evidence import ComponentEvidence, gather
from tasks.independence.copies import TRIVIAL_ROLES
from tasks.independence.findings import absent_component, component_finding
from tasks.independence.part import Part, parts
from tasks.independence.shared_initialisation import apart_from_one_start
from tasks.independence.verdict import Judgement, judge

Progress = Callable[[str, int, int], None]
_WORST_FIRST: tuple[Verdict, ...] = ("derived", "indeterminate", "independent")


def trace(
    subject: Path,
    references: Mapping[str, Path],
    *,
    checkpoints: Sequence[tuple[int, Path]] = (),
    progress: Progress | None = None,
) -> Trace:
    """Traces a checkpoint against references by id, and against its own checkpoints (step, folder) where there are some.

    Raises InputFault for a checkpoint that cannot be read, NaN or infinite weights among them.
    """
    start = time.monotonic()
    say = progress or _unseen
    model = open_checkpoint(subject)
    roles = assign_roles(model)
    mine = parts(model, roles)
    steps = opened_steps(checkpoints)
    opened: list[Checkpoint] = [model]
    gathered: dict[str, dict[str, ComponentEvidence]] = {}
    models: dict[str, Checkpoint] = {}
    for number, (name, folder) in enumerate(references.items()):
        say("references", number, len(references))
        models[name] = open_checkpoint(folder)
        theirs = parts(models[name], assign_roles(models[name]))
        gathered[name] = {kind: gather(part, theirs[kind]) for kind, part in mine.items() if kind in theirs}
    say("references", len(references), len(references))
    opened += [*models.values(), *(part.checkpoint for _, held in steps for part in held.values())]
    family = sum(each.comparisons for found in gathered.values() for each in found.values())
    step_zero = steps[0][1] if steps and steps[0][0] == 0 else {}
    judged = {
        name: {
            kind: apart_from_one_start(judge(each, family), each, step_zero.get(kind)) for kind, each in found.items()
        }
        for name, found in gathered.items()
    }
    _mark_merges(judged, gathered)
    found = [_reference(name, model, models[name], mine, gathered[name], judged[name]) for name in references]
    return Trace(
        subject=str(subject),
        verdict=worst([each.verdict for each in found]),
        seconds=time.monotonic() - start,
        bytes_read=sum(each.bytes_read for each in {id(each): each for each in opened}.values()),
        references=found,
        coverage=_coverage(model, roles, gathered),
        chain=chain_findings(mine, steps) if checkpoints else [],
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """derived, then indeterminate, then independent; nothing that could be compared is `indeterminate`."""
    for verdict in _WORST_FIRST:
        if verdict in verdicts:
            return verdict
    return "indeterminate"


def _reference(
    name: str,
    model: Checkpoint,
    reference: Checkpoint,
    mine: Mapping[str, Part],
    evidence: Mapping[str, ComponentEvidence],
    judged: Mapping[str, Judgement],
) -> ReferenceFinding:
    components: list[ComponentFinding] = [
        component_finding(evidence[kind], judged[kind]) if kind in evidence else absent_component(part)
        for kind, part in mine.items()
    ]
    known = [each for each in components if each.log10_p is not None]
    clearest = min(known, key=lambda each: each.log10_p or 0.0, default=None)
    identical = any(each.verdict == "derived" and each.log10_p is None for each in components)
    return ReferenceFinding(
        reference=name,
        verdict=worst([each.verdict for each in components]),
        p_value=None if clearest is None or identical else clearest.p_value,
        log10_p=None if clearest is None or identical else clearest.log10_p,
        components=components,
        architecture=compare_architectures(model, reference),
    )


def _mark_merges(
    judged: dict[str, dict[str, Judgement]], gathered: Mapping[str, Mapping[str, ComponentEvidence]]
) -> None:
    """A component that derives from two references that do not derive from each other's numbers is a merge of them."""
    for kind in {kind for found in judged.values() for kind in found}:
        sources = [name for name, found in judged.items() if kind in found and found[kind].why == "place"]
        if len(sources) > 1 and all((gathered[name][kind].r or 0.0) < 0.95 for name in sources):
            for name in sources:
                one = judged[name][kind]
                judged[name][kind] = Judgement(one.verdict, one.log10_p, "merged", one.layers, one.why)


def _coverage(
    model: Checkpoint, roles: Sequence[TensorRole], gathered: Mapping[str, Mapping[str, ComponentEvidence]]
) -> list[CoverageRow]:
    tested = {name for found in gathered.values() for each in found.values() for name in each.tensors}
    compared = {kind for found in gathered.values() for kind in found}
    return [
        CoverageRow(
            tensor=role.name,
            component=role.component,
            role=role.role,
            layer=role.layer,
            parameters=model.tensors[role.name].parameters,
            used=role.name in tested,
            reason="" if role.name in tested else _why_not(role, compared),
        )
        for role in roles
    ]


def _why_not(role: TensorRole, compared: set[str]) -> str:
    if role.component not in compared:
        return "no reference has this component"
    if role.role in TRIVIAL_ROLES or role.bias:
        return "proves nothing: norm gains, biases, positions and buffers are alike in unrelated models"
    if role.role == "other":
        return "its name says nothing of its part; looked at for exact copies only"
    return "no counterpart of its shape; looked at for exact copies only"


def _unseen(label: str, done: int, total: int) -> None:
    """No progress asked for."""
