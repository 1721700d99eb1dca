"""A small share of a reference merged into another model, everything disguised, and the larger parent among the references.

By the smaller parent alone such a merge is not found (the matrix's rows of merges); with the larger one named it is, as each is
taken out of the subject in turn. The nulls are subjects that hold the larger parent and nothing else of any reference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.lineage.matrix import Cell, scratch
from tests.lineage.models import Changed, Drawn, Recipe, Trained, saved
from tests.lineage.population import larger_parent, parent, parents, strangers
from tests.lineage.training import BUDGET

DISGUISES = ("all disguises", "all, new embeddings")
_ROWS = {
    "merged, share 20 %": ("merged", 0.2),
    "merged, share 10 %": ("merged", 0.1),
    "merged, share 5 %": ("merged", 0.05),
    "merged, share 2 %": ("merged", 0.02),
    "SLERP, share 20 %": ("merged on a sphere", 0.2),
}


def merges(reference: Trained) -> Iterator[tuple[str, Recipe]]:
    """(Row of the table, the merge)."""
    for row, (how, share) in _ROWS.items():
        yield row, Changed(reference, how, amount=share, other=larger_parent(reference))
    hidden = Changed(reference, "all disguises", seed=5)
    yield "disguised, then merged, share 10 %", Changed(hidden, "merged", amount=0.1, other=larger_parent(reference))
    tenth = Changed(reference, "merged", amount=0.1, other=larger_parent(reference))
    yield "merged, share 10 %, tuned", Trained(tenth, data=302, steps=BUDGET // 4, rate=1e-3)


def merge_part(rows: dict[str, dict[str, Cell]]) -> Iterator[None]:
    """Found: both parents called merged, and a third model of the same rows cleared. Yields after each reference."""
    from tasks.independence import trace

    for reference in parents():
        start = reference.start
        assert isinstance(start, Drawn)
        third = Trained(Drawn(start.family, 121 + start.weights), data=1)
        for row, recipe in merges(reference):
            for disguise in DISGUISES:
                cell = rows.setdefault(row, {}).setdefault(disguise, Cell())
                with scratch() as folder:
                    ours = saved(Changed(recipe, disguise, seed=11), folder / "subject")
                    named = {"larger": larger_parent(reference), "smaller": reference, "third": third}
                    paths = {name: saved(each, folder / name) for name, each in named.items()}
                    found = {each.reference: each.components[0] for each in trace(ours, paths).references}
                said = ", ".join(f"{name} {each.verdict} {each.relation}" for name, each in found.items())
                right = all(found[name].relation == "merged" for name in ("larger", "smaller"))
                cell.tried += 1
                cell.found += right and found["third"].verdict == "independent"
                cell.said[said] += 1
                if not right:
                    cell.missed.append(f"{start.family} {start.weights}")
        yield


@dataclass
class Rests:
    """What is left of subjects that hold one parent, against models that have nothing to do with them."""

    pairs: int = 0
    derived: list[str] = field(default_factory=list)
    p_values: dict[str, list[float]] = field(default_factory=dict)  # group → log10 p
    most_cosine: float = -1.0
    most_agreed: float = 0.0


def rest_part(rests: Rests) -> Iterator[None]:
    """Derivatives of one parent in disguise, without that parent, against every stranger of its shapes. Yields after each."""
    from tasks.checkpoints import assign_roles, open_checkpoint
    from tasks.independence.component_evidence import gather
    from tasks.independence.layer_matches import LOG10_ALPHA
    from tasks.independence.one_order_tests import LEAST_COSINE, group_log10
    from tasks.independence.part import Part, parts
    from tasks.independence.remainder import remainder_alignments, remainder_test, taken_out
    from tasks.independence.verdict import judge

    with scratch() as folder:

        def part(recipe: Recipe, name: str) -> Part:
            checkpoint = open_checkpoint(saved(recipe, folder / name))
            return next(iter(parts(checkpoint, assign_roles(checkpoint)).values()))

        others = {name: part(each, f"stranger {number}") for number, (name, each) in enumerate(strangers().items())}
        for number, (family, subject) in enumerate(_single_parents()):
            mine, known = part(subject, f"subject {number}"), part(parent(family, 1), f"parent {number}")
            evidence = gather(mine, known)
            rest = taken_out("parent", evidence, judge(evidence, evidence.comparisons))
            assert rest is not None
            for name, other in others.items():
                test = None if name == f"parent {family} {_seed(family)}" else remainder_test(rest, other, rests.pairs)
                if test is None:  # the parent itself, or a model of other shapes
                    continue
                agreed = [each.agreement.share for each in remainder_alignments(rest, other, rests.pairs)]
                rests.most_agreed = max([rests.most_agreed, *agreed])
                rests.pairs += 1
                rests.most_cosine = max(rests.most_cosine, test.mean_cosine)
                if test.mean_cosine >= LEAST_COSINE and test.log10_p < LOG10_ALPHA:
                    rests.derived.append(f"{family} {number} / {name}: {test.mean_cosine:.3f}, {test.log10_p:.1f}")
                for group, tests in test.groups.items():
                    rests.p_values.setdefault(group, []).append(group_log10(tests))
            yield


def _seed(family: str) -> int:
    start = parent(family, 1).start
    assert isinstance(start, Drawn)
    return start.weights


def _single_parents() -> Sequence[tuple[str, Recipe]]:
    """(Family, subject): tuned, and continued, as they are and in disguise; and one parent's child that was taught another's
    answers and hidden states, which is what could be mistaken for a merge with it."""
    found: list[tuple[str, Recipe]] = []
    for family in ("llama", "gpt2"):
        for recipe in (
            Trained(parent(family, 1), data=301, steps=BUDGET // 3, rate=1e-3),
            Trained(parent(family, 1), data=303),
        ):
            found += [(family, Changed(recipe, disguise, seed=11)) for disguise in DISGUISES]
            found.append((family, recipe))
    taught = Trained(parent("llama", 1), data=1, teacher=parent("llama", 2), states=True)
    return [*found, ("llama", taught), ("llama", Changed(taught, "all disguises", seed=11))]
