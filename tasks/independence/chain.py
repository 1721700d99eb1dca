"""Positive evidence: whether the submission descends from the step-0 weights and checkpoints that were handed in with it.

Final weights still resemble their initialisation, unit for unit (r = 0.72 after a toy's whole training), and each checkpoint
the next. Weights that were taken from somewhere else do not descend from anybody's step 0 but their own.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from checks.records.lineage import ChainFinding, LineageTest
from checks.records.record import Text
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence.correlation import correlations, mean_correlation
from tasks.independence.layer_matches import LOG10_ALPHA, from_log10
from tasks.independence.part import Part, parts
from tasks.independence.place_tests import place_tests

Step = tuple[str, Mapping[str, Part]]


def opened_steps(checkpoints: Sequence[tuple[int, Path]]) -> list[tuple[int, Mapping[str, Part]]]:
    """(step, its parts) of every checkpoint handed in; raises InputFault for one that cannot be read."""
    opened = [(step, open_checkpoint(folder)) for step, folder in sorted(checkpoints)]
    return [(step, parts(checkpoint, assign_roles(checkpoint))) for step, checkpoint in opened]


def chain_findings(subject: Mapping[str, Part], steps: Sequence[tuple[int, Mapping[str, Part]]]) -> list[ChainFinding]:
    """One finding for each of the subject's components."""
    return [_component_chain(component, part, steps) for component, part in subject.items()]


def _component_chain(component: str, subject: Part, steps: Sequence[tuple[int, Mapping[str, Part]]]) -> ChainFinding:
    there = [(f"step {step}", held[component]) for step, held in steps if component in held]
    if not there or steps[0][0] != 0 or component not in steps[0][1]:
        return _finding(component, "missing", [])
    stations = [*there, ("submission", subject)]
    pairs = list(pairwise(stations))
    if len(stations) > 2:
        pairs.append((stations[0], stations[-1]))
    tested = [_link(before, after) for before, after in pairs]
    links = [link for link in tested if link is not None]
    if len(links) < len(tested):
        return _finding(component, "missing", links)
    held = all((link.log10_p or 0.0) < LOG10_ALPHA for link in links)
    return _finding(component, "supported" if held else "contradicted", links)


def _link(before: tuple[str, Part], after: tuple[str, Part]) -> LineageTest | None:
    """The clearer of the groups that both have; None where no shape is the same, so that nothing can be said."""
    groups = place_tests(after[1], before[1], seed=0)
    if not groups:
        return None
    best = min(groups, key=lambda group: group.log10_p)
    sides = (after[1].checkpoint, after[1].roles, before[1].checkpoint, before[1].roles)
    return LineageTest(
        test="chain-link",
        statistic=mean_correlation(correlations(*sides)),
        p_value=from_log10(best.log10_p),
        log10_p=best.log10_p,
        group=best.group,
        scope=f"{before[0]} to {after[0]}",
    )


_WORDS = {
    "supported": Text(
        ko="제출된 초기 가중치에서 체크포인트를 거쳐 제출물까지 모든 고리가 이어집니다.",
        en="Every link holds, from the step-0 weights through the checkpoints to the submission.",
    ),
    "contradicted": Text(
        ko="이어지지 않는 고리가 있습니다: 제출물은 제출된 초기 가중치에서 나오지 않았습니다.",
        en="A link does not hold: the submission does not descend from the step-0 weights that were handed in.",
    ),
    "missing": Text(
        ko="이 구성 요소의 초기 가중치나 비교할 수 있는 체크포인트가 제출되지 않았습니다.",
        en="No step-0 weights, or no comparable checkpoint, of this component were handed in.",
    ),
}


def _finding(component: str, result: str, links: list[LineageTest]) -> ChainFinding:
    return ChainFinding.model_validate(
        {"component": component, "result": result, "links": links, "explanation": _WORDS[result]}
    )
