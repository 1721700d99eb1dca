"""`trace`: one checkpoint against references, component by component, with the whole family of p-values corrected.

>>> trace(Path("submissions/t2/model"), {"globe-vl": Path("models/globe-vl")}).verdict
'derived'
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.records.lineage import ComponentFinding, CoverageRow, ReferenceFinding, Trace, Verdict
from tasks.checkpoints import Checkpoint, TensorRole, assign_roles, open_checkpoint
from tasks.independence.architecture import Design, compare_designs, design_of
from tasks.independence.behaviour import Interview
from tasks.independence.catalogue import left_over, screened
from tasks.independence.chain import chain_findings, opened_steps
from tasks.independence.component_evidence import ComponentEvidence, gather_all
from tasks.independence.copies import TRIVIAL_ROLES
from tasks.independence.device import enough_threads, multiplied_on
from tasks.independence.findings import absent_component, component_finding
from tasks.independence.fingerprint import Fingerprint, opened_source
from tasks.independence.merges import Evidence, Judged, held_against, mark_merges, parents_taken_out
from tasks.independence.part import Part, Progress, parts, units_to_align, unseen
from tasks.independence.projectors import judged_between
from tasks.independence.shared_initialisation import apart_from_one_start
from tasks.independence.verdict import Judgement, judge

#: The component that can be run.
LANGUAGE = "language_model"
#: P-values of one component: three groups in place, and what is left of a merge.
_SCREENED_COMPARISONS = 4
_WORST_FIRST: tuple[Verdict, ...] = ("derived", "indeterminate", "independent")


@dataclass(frozen=True)
class Compared:
    """One reference: its design and, by component, what was measured; `opened` are the checkpoints that were read."""

    design: Design
    evidence: Mapping[str, ComponentEvidence]
    opened: Sequence[Checkpoint] = ()


def trace(
    subject: Path,
    references: Mapping[str, Path],
    *,
    catalogue: Path | None = None,
    checkpoints: Sequence[tuple[int, Path]] = (),
    run_models: bool = False,
    device: str | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Traces a checkpoint against references by id, against a catalogue's fingerprints, and against its own checkpoints.

    Of a catalogue the nearest few and all that show a sign are tested, by their weights where these still lie at their place;
    the others are named in `screened`. With `run_models` language models are run as well, the references' whose weights are
    there. `device` is torch's name of where models run and matrices are multiplied; without it, the CPU. Raises InputFault
    for a checkpoint that cannot be read, NaN or infinite weights among them, for one that is to be run and cannot be, for a
    device that is not there, and where there is nothing to trace against.
    """
    with multiplied_on(device):
        asked = (device or "cpu") if run_models else None
        return _traced(subject, references, catalogue, checkpoints, asked, progress or unseen)


def _traced(
    subject: Path,
    references: Mapping[str, Path],
    catalogue: Path | None,
    checkpoints: Sequence[tuple[int, Path]],
    run_on: str | None,
    progress: Progress,
) -> Trace:
    start = time.monotonic()
    model = open_checkpoint(subject)
    roles = assign_roles(model)
    mine = parts(model, roles)
    asking = None if run_on is None else _interview(model, mine, references, run_on)
    with enough_threads(_largest_product(mine)):
        compared, only_screened = _compare(mine, references, catalogue, asking, progress)
        if not compared:
            raise InputFault(subject, found="no reference", expected="at least one to trace against")
        compared, only_screened = _with_merges(mine, compared, only_screened, catalogue, asking)
    steps = opened_steps(checkpoints)
    judged = _judge(compared, len(only_screened) * len(mine), steps[0][1] if steps and steps[0][0] == 0 else {})
    design = design_of(model)
    found = [_reference(name, design, mine, compared[name], judged[name]) for name in compared]
    opened = [model, *(each for one in compared.values() for each in one.opened)]
    opened += [part.checkpoint for _, held in steps for part in held.values()]
    return Trace(
        subject=str(subject),
        verdict=worst([each.verdict for each in found]),
        seconds=time.monotonic() - start,
        bytes_read=sum(each.bytes_read for each in {id(each): each for each in opened}.values()),
        references=found,
        screened=only_screened,
        coverage=_coverage(model, roles, [each for one in compared.values() for each in one.evidence.values()]),
        chain=chain_findings(mine, steps) if checkpoints else [],
    )


def _largest_product(mine: Mapping[str, Part]) -> float:
    """Multiplications of all units of a layer with all of another's."""
    layers = [layer for part in mine.values() for layer in part.layers]
    return max((float(units_to_align(layer)) ** 2 * layer.width for layer in layers), default=0.0)


def _interview(model: Checkpoint, mine: Mapping[str, Part], references: Mapping[str, Path], device: str) -> Interview:
    """The subject, ready to be asked; raises InputFault for a model that cannot be, before anything is read for long."""
    if LANGUAGE not in mine:
        raise InputFault(model.folder, "--run-models", "no language model", "one: other components are not run")
    asking = Interview(model, device)
    for reference in map(open_checkpoint, references.values()):
        if any(role.component == LANGUAGE for role in assign_roles(reference)):
            asking.check(reference)
    return asking


def _compare(
    mine: Mapping[str, Part],
    references: Mapping[str, Path],
    catalogue: Path | None,
    asking: Interview | None,
    progress: Progress,
) -> tuple[dict[str, Compared], list[str]]:
    """What was measured of every reference that was tested, and the ids of those that were only screened."""
    compared: dict[str, Compared] = {}
    for number, (name, folder) in enumerate(references.items()):
        progress("references", number, len(references))
        compared[name] = _deep(mine, open_checkpoint(folder), asking)
    if references:
        progress("references", len(references), len(references))
    others: list[str] = []
    if catalogue is not None:
        found = screened(mine, catalogue, set(references), progress)
        compared |= {held.id: _nearest(mine, held, asking) for held in found.nearest}
        others = found.others
    return compared, others


def _nearest(mine: Mapping[str, Part], held: Fingerprint, asking: Interview | None) -> Compared:
    """By its weights where they still lie where they were read, else by its fingerprint."""
    model = opened_source(held)
    if model is not None:
        return _deep(mine, model, asking)
    return Compared(held.design, gather_all(mine, held.parts))


def _deep(mine: Mapping[str, Part], model: Checkpoint, asking: Interview | None) -> Compared:
    theirs = parts(model, assign_roles(model))
    evidence = gather_all(mine, theirs)
    if asking is not None and LANGUAGE in evidence:
        evidence[LANGUAGE] = replace(evidence[LANGUAGE], behaviour=asking.with_(model))
    return Compared(design_of(model), evidence, [model])


def _with_merges(
    mine: Mapping[str, Part],
    compared: dict[str, Compared],
    screened_only: list[str],
    catalogue: Path | None,
    asking: Interview | None,
) -> tuple[dict[str, Compared], list[str]]:
    """Every reference that nothing was found of, tested against what is left of the subject without each that was; those of the
    catalogue that it calls for are compared as well."""
    family = _family(compared, len(screened_only) * len(mine))
    rests = parents_taken_out(_evidence(compared), family)
    if catalogue is not None and rests:
        compared = compared | {
            held.id: _nearest(mine, held, asking) for held in left_over(catalogue, screened_only, rests)
        }
    found = {name: replace(one, evidence=held_against(one.evidence, rests, family)) for name, one in compared.items()}
    return found, [name for name in screened_only if name not in found]


def _evidence(compared: Mapping[str, Compared]) -> Evidence:
    return {name: one.evidence for name, one in compared.items()}


def _family(compared: Mapping[str, Compared], only_screened: int) -> int:
    """P-values to be corrected for; a component that was only screened counts as what its tests would have been."""
    return sum(each.comparisons for one in compared.values() for each in one.evidence.values()) + (
        _SCREENED_COMPARISONS * only_screened
    )


def _judge(compared: Mapping[str, Compared], only_screened: int, step_zero: Mapping[str, Part]) -> Judged:
    family = _family(compared, only_screened)
    judged: Judged = {}
    for name, one in compared.items():
        found = {
            kind: apart_from_one_start(judge(each, family), each, step_zero.get(kind))
            for kind, each in one.evidence.items()
        }
        judged[name] = judged_between(found, one.evidence)
    mark_merges(judged, _evidence(compared))
    return judged


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """derived, then indeterminate, then independent; nothing that could be compared is `indeterminate`."""
    for verdict in _WORST_FIRST:
        if verdict in verdicts:
            return verdict
    return "indeterminate"


def _reference(
    name: str, design: Design, mine: Mapping[str, Part], compared: Compared, judged: Mapping[str, Judgement]
) -> ReferenceFinding:
    components: list[ComponentFinding] = [
        component_finding(compared.evidence[kind], judged[kind]) if kind in judged else absent_component(part)
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
        architecture=compare_designs(design, compared.design),
    )


def _coverage(
    model: Checkpoint, roles: Sequence[TensorRole], evidence: Sequence[ComponentEvidence]
) -> list[CoverageRow]:
    tested = {name for each in evidence for name in each.tensors}
    compared = {each.subject.component for each in evidence}
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
    return "no counterpart of its shape, or begun as a matrix with a formula; looked at for exact copies only"
