"""The whole matrix of derivations and disguises, and the pairs that have nothing to do with each other, as a table.

    python -m tests.lineage.matrix --out docs/notes/lineage-matrix.md

Writes what it has after every row, so that a run that is stopped leaves a table. Training is kept under build/lineage.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lineage.models import Changed, Drawn, Recipe, Trained, saved, saved_in_disguise, saved_inside
from tests.lineage.population import (
    CHANGES,
    derivatives,
    encoder_derivatives,
    encoders,
    parents,
    siblings,
    strange_encoders,
    strangers,
)

DISGUISES = (
    "none",
    "files",
    "units renumbered",
    "stream renumbered",
    "stream rotated",
    "all disguises",
    "all, new embeddings",
)


@dataclass
class Cell:
    """One row under one disguise: distinct parents tried, those found, and what was said of them."""

    tried: int = 0
    found: int = 0
    said: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


def interval(found: int, tried: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval."""
    from scipy.stats import beta

    low = 0.0 if found == 0 else float(beta.ppf(0.025, found, tried - found + 1))
    high = 1.0 if found == tried else float(beta.ppf(0.975, found + 1, tried - found))
    return low, high


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lineage-") as name:
        yield Path(name)


def disguised_recipe(recipe: Recipe, disguise: str) -> Recipe | None:
    """The derivative in a disguise. Experts are disguised before they become experts, which takes a training more; None
    where that is not done."""
    if disguise in ("none", "files"):
        return recipe
    if isinstance(recipe, Trained) and isinstance(recipe.start, Changed) and recipe.start.how == "experts":
        if not disguise.startswith("all"):
            return None
        inner = Changed(recipe.start.start, disguise, seed=11)
        return Trained(Changed(inner, "experts", seed=CHANGES, amount=4), recipe.data, recipe.steps, recipe.rate)
    return Changed(recipe, disguise, seed=11)


def try_one(reference: Trained, recipe: Recipe, disguise: str, cell: Cell) -> None:
    """Traces one derivative against its reference, alone."""
    from tasks.independence import trace

    start = reference.start
    assert isinstance(start, Drawn)
    whole = disguised_recipe(recipe, disguise)
    if whole is None:
        return
    with scratch() as folder:
        ours = (saved_in_disguise if disguise == "files" else saved)(whole, folder / "subject")
        theirs = saved(reference, folder / "reference")
        found = trace(ours, {"reference": theirs}).references[0].components[0]
    cell.tried += 1
    cell.found += found.verdict == "derived"
    layers = ",".join(f"{each.subject_layer}<{each.reference_layer}" for each in found.layers)
    cell.said[f"{found.verdict} {found.relation} [{layers}]"] += 1
    if found.verdict != "derived":
        cell.missed.append(f"{start.family} {start.weights}")


def derived_part(rows: dict[str, dict[str, Cell]], only: Sequence[str], deadline: float) -> Iterator[None]:
    """Every derivative of every parent in every disguise; yields after each row."""
    for reference in parents():
        for row, recipe in derivatives(reference).items():
            if only and not any(each in row for each in only):
                continue
            for disguise in DISGUISES:
                if time.monotonic() > deadline:
                    return
                try_one(reference, recipe, disguise, rows.setdefault(row, {}).setdefault(disguise, Cell()))
            yield


def encoder_part(rows: dict[str, dict[str, Cell]]) -> Iterator[None]:
    """A borrowed encoder inside another vision-language model: found, and all other components cleared."""
    from tasks.independence import trace

    for number, encoder in enumerate(encoders(), 1):
        mine, theirs = Trained(Drawn("llama", 100 + number), data=1), Trained(Drawn("llama", 110 + number), data=1)
        for row, recipe in encoder_derivatives(encoder).items():
            for wrapper in ("llava", "deepseek_vl"):
                cell = rows.setdefault(row, {}).setdefault(wrapper, Cell())
                with scratch() as folder:
                    subject = saved_inside(recipe, mine, wrapper, folder / "subject")
                    reference = saved_inside(encoder, theirs, "llava", folder / "reference")
                    found = trace(subject, {"reference": reference}).references[0].components
                said = {each.component: each.verdict for each in found}
                cell.tried += 1
                tower, rest = said.pop("vision_tower"), set(said.values())
                cell.found += tower == "derived" and "derived" not in rest
                cell.said[f"vision tower {tower}; others {', '.join(f'{k} {v}' for k, v in sorted(said.items()))}"] += 1
        yield


@dataclass
class Nulls:
    """What the pairs that are no derivation came to."""

    pairs: int = 0
    derived: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    p_values: dict[str, list[float]] = field(default_factory=dict)  # of disjoint pairs, group → log10 p
    all_p_values: dict[str, list[float]] = field(default_factory=dict)
    most_agreed: float = 0.0
    most_cosine: float = -1.0  # of the tests of what is left in order


def null_part(nulls: Nulls, models: dict[str, Recipe], most: int, deadline: float) -> Iterator[None]:
    """Pairs of distinct models in an order drawn once: disjoint pairs come first, whose p-values are kept."""
    from tasks.checkpoints import assign_roles, open_checkpoint
    from tasks.independence.part import Part, parts

    with scratch() as folder:
        opened: dict[str, Part] = {}
        for number, (name, recipe) in enumerate(models.items()):
            checkpoint = open_checkpoint(saved(recipe, folder / str(number)))
            opened[name] = next(iter(parts(checkpoint, assign_roles(checkpoint)).values()))
        for number, (one, other, disjoint) in enumerate(_pairs_in_order(list(models))):
            if number >= most or time.monotonic() > deadline:
                break
            _try_strangers(nulls, one, other, opened[one], opened[other], disjoint)
            if number % 100 == 99:
                yield
    yield


def _pairs_in_order(names: list[str]) -> Iterator[tuple[str, str, bool]]:
    rng = random.Random(1)
    rng.shuffle(names)
    by_family: dict[str, list[str]] = {}
    for name in names:
        family = next((each for each in ("llama", "qwen3", "gpt2") if each in name), "encoder")
        by_family.setdefault(family, []).append(name)
    first = [pair for each in by_family.values() for pair in zip(each[0::2], each[1::2], strict=False)]
    others = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :] if not {(a, b), (b, a)} & set(first)]
    rng.shuffle(others)
    yield from ((a, b, True) for a, b in first)
    yield from ((a, b, False) for a, b in others)


def _try_strangers(nulls: Nulls, one: str, other: str, mine: "Part", theirs: "Part", disjoint: bool) -> None:  # noqa: F821
    """As `gather` and `judge` do, but for the planted derivatives, which decide between clearing and not knowing only."""
    from tasks.independence.aligned_tests import aligned_tests
    from tasks.independence.component_evidence import ComponentEvidence
    from tasks.independence.copies import copied
    from tasks.independence.correlation import correlations
    from tasks.independence.moved_layers import moved_layers
    from tasks.independence.one_order_tests import group_log10, one_order_tests
    from tasks.independence.place_tests import place_tests
    from tasks.independence.token_turn import shared_token_turn
    from tasks.independence.verdict import judge

    groups = place_tests(mine, theirs, seed=nulls.pairs)
    turn = shared_token_turn(mine, theirs)
    aligned = aligned_tests(mine, theirs, nulls.pairs, turn)
    sides = (mine.checkpoint, mine.roles, theirs.checkpoint, theirs.roles)
    pairs = copied(mine.contents, theirs.contents)
    orders = [*one_order_tests(mine, theirs, nulls.pairs, turn), *moved_layers(mine, theirs, nulls.pairs)]
    evidence = ComponentEvidence(mine, theirs, pairs, correlations(*sides), None, groups, aligned, -99.0, -99.0, orders)
    judged = judge(evidence, evidence.comparisons)
    nulls.pairs += 1
    nulls.verdicts[f"{judged.verdict} ({judged.why})"] += 1
    if judged.verdict == "derived":
        nulls.derived.append(f"{one} / {other}: {judged.why} {judged.log10_p}")
    nulls.most_agreed = max([nulls.most_agreed, *(each.agreement.share for each in aligned.pairs)])
    if judged.verdict == "indeterminate":
        small = ", ".join(f"{group.group} {group.log10_p:.1f}" for group in groups if group.log10_p < -3)
        nulls.unclear.append(f"{one} / {other}: {judged.why} (log10 p: {small})")
    nulls.most_cosine = max([nulls.most_cosine, *(order.mean_cosine for order in orders)])
    found = {group.group: group.log10_p for group in groups}
    found |= {f"{order.test}, {name}": group_log10(each) for order in orders for name, each in order.groups.items()}
    for name, log10_p in found.items():
        for kept in (nulls.all_p_values, *([nulls.p_values] if disjoint else [])):
            kept.setdefault(name, []).append(log10_p)


def calibration(log10_ps: Sequence[float]) -> tuple[float, float]:
    """One-sided Kolmogorov-Smirnov: the p-value of "small p-values come too often", and the most they do by."""
    from scipy.stats import kstest

    found = kstest([10.0**each for each in log10_ps], "uniform", alternative="greater")
    return float(found.pvalue), float(found.statistic)


def sibling_part(said: list[str]) -> Iterator[None]:
    """The same initial weights trained apart, with and without their step 0 to show."""
    from tasks.independence import trace

    for one, other, start in siblings():
        assert isinstance(start, Drawn) and isinstance(one, Trained) and isinstance(other, Trained)
        with scratch() as folder:
            names = {"one": one, "other": other, "start": start}
            paths = {name: saved(each, folder / name) for name, each in names.items()}
            bare = trace(paths["one"], {"other": paths["other"]}).references[0].components[0]
            shown = trace(paths["one"], {"other": paths["other"]}, checkpoints=[(0, paths["start"])])
            told = shown.references[0].components[0]
        further = "less far" if one.rate < other.rate else "further"
        rows = f"the same rows, {further}" if one.data == other.data else "other rows"
        said.append(
            f"{start.family} {start.weights}, {rows}: step 0 shown: {told.verdict} ({told.relation}); "
            f"not shown: {bare.verdict} ({bare.relation})"
        )
        yield


def main() -> None:
    """Runs all parts and writes the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--rows", nargs="*", default=[], help="only rows whose names contain one of these")
    arguments.add_argument(
        "--parts", nargs="*", default=["derived", "encoders", "merges", "siblings", "nulls", "rests"]
    )
    arguments.add_argument("--pairs", type=int, default=10_000, help="most independent pairs")
    arguments.add_argument("--minutes", type=float, default=120.0, help="the longest that it runs")
    asked = arguments.parse_args()
    began = time.monotonic()
    deadline = began + 60 * asked.minutes
    from tests.lineage.merges import Rests, merge_part, rest_part
    from tests.lineage.table import Measured, write_table

    found = Measured(Nulls(), Nulls(), Rests())
    work = {
        "encoder nulls": lambda: null_part(found.encoder_nulls, strange_encoders(), asked.pairs, deadline),
        "nulls": lambda: null_part(found.nulls, strangers(), asked.pairs, deadline),
        "rests": lambda: rest_part(found.rests),
        "merges": lambda: merge_part(found.merges),
        "encoders": lambda: encoder_part(found.towers),
        "siblings": lambda: sibling_part(found.siblings),
        "derived": lambda: derived_part(found.rows, asked.rows, deadline),
    }
    for name, part in work.items():
        if name.split()[-1] not in asked.parts:
            continue
        for _ in part():
            write_table(asked.out, found, time.monotonic() - began)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
