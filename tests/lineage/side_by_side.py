"""Gwanmun's verdict beside the published statistics, on the same pairs: derivatives in disguise, and models that share nothing.

    python -m tests.lineage.side_by_side --out docs/notes/lineage-baselines.md

`make lineage` runs it after the matrix. Writes what it has after every few pairs, so that a run that is stopped leaves a
table. Published tools go by the names of tensors and stop at others; here they are given the tensors by their roles.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.lineage.baselines import BASELINES, Score
from tests.lineage.matrix import disguised_recipe, scratch
from tests.lineage.models import Drawn, Recipe, made, saved
from tests.lineage.population import (
    derivatives,
    encoder_derivatives,
    encoders,
    parent,
    parents,
    strange_encoders,
    strangers,
)
from tests.lineage.seen_models import Seen, seen

#: Of the matrix's disguises those that change numbers: the published statistics are given every file's tensors by their roles.
DISGUISES = ("none", "units renumbered", "stream renumbered", "stream rotated", "all disguises", "all, new embeddings")
#: One parent of each family, and a second of the largest.
PARENTS = (("llama", 1), ("qwen3", 1), ("gpt2", 1), ("llama", 2))


@dataclass(frozen=True)
class Pair:
    """One comparison: `verdict` is Gwanmun's, `scores` by the baselines' names; None where a method does not apply."""

    row: str
    disguise: str
    verdict: str
    scores: dict[str, Score | None]


@dataclass
class Found:
    """All pairs: derivatives, and those that share nothing, decoders and encoders apart because each sets its own level."""

    derived: list[Pair] = field(default_factory=list)
    towers: list[Pair] = field(default_factory=list)
    strangers: list[Pair] = field(default_factory=list)
    strange_towers: list[Pair] = field(default_factory=list)


def level(name: str, pairs: list[Pair]) -> float:
    """The highest value of a method among these pairs: above it nothing that shares nothing was seen."""
    values = [each.scores[name] for each in pairs]
    return max((each.value for each in values if each is not None), default=float("inf"))


def compared(row: str, disguise: str, recipe: Recipe, reference: Recipe, known: Seen) -> Pair:
    """Every method on one pair, Gwanmun by its command's own function on saved folders; `known` is the reference."""
    from tasks.independence import trace

    mine = seen(made(recipe))
    scores = {name: method(mine, known) for name, method in BASELINES.items()}
    with scratch() as folder:
        paths = saved(recipe, folder / "subject"), saved(reference, folder / "reference")
        verdict = trace(paths[0], {"reference": paths[1]}).references[0].components[0].verdict
    return Pair(row, disguise, verdict, scores)


def derived_part(found: Found) -> Iterator[None]:
    """Every row of the matrix in every disguise, parent by parent, so that a run that is cut short has whole parents."""
    for reference in (parent(*each) for each in PARENTS):
        known = seen(made(reference))
        for row, recipe in derivatives(reference).items():
            for disguise in DISGUISES:
                whole = disguised_recipe(recipe, disguise)
                if whole is not None:
                    found.derived.append(compared(row, disguise, whole, reference, known))
            yield


def tower_part(found: Found) -> Iterator[None]:
    """Vision encoders, cut out of whatever they stand in; without tokens most published methods have nothing to go by."""
    for encoder in encoders():
        known = seen(made(encoder))
        for row, recipe in encoder_derivatives(encoder).items():
            found.towers.append(compared(row, "", recipe, encoder, known))
        yield


def stranger_part(found: Found, most: int) -> Iterator[None]:
    """Models drawn apart against each family's parents in turn; most read the parents' own rows in their order."""
    towers = list(strange_encoders().items())
    for place, (name, recipe) in enumerate(towers[1:]):
        other = towers[place // 2][1]
        if other != recipe:
            found.strange_towers.append(compared(name, "", recipe, other, seen(made(other))))
    for name, recipe, reference in _strange_pairs()[:most]:
        found.strangers.append(compared(name, "", recipe, reference, seen(made(reference))))
        yield


def _strange_pairs() -> list[tuple[str, Recipe, Recipe]]:
    """Each stranger against the parents of its own family, which the methods can compare best: one parent after the other."""
    pairs = []
    for turn in range(4):
        for name, recipe in strangers().items():
            family = made(recipe).family
            mates = [each for each in parents() if isinstance(each.start, Drawn) and each.start.family == family]
            if turn < len(mates) and recipe != mates[turn]:
                pairs.append((name, recipe, mates[turn]))
    return pairs


def main() -> None:
    """Runs all parts and writes the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--strangers", type=int, default=150, help="most pairs that share nothing")
    arguments.add_argument("--minutes", type=float, default=60.0)
    asked = arguments.parse_args()
    from transformers.utils import logging

    from tests.lineage.side_by_side_table import write_tables

    logging.disable_progress_bar()
    found, began = Found(), time.process_time()
    for part in (stranger_part(found, asked.strangers), derived_part(found), tower_part(found)):
        for _ in part:
            write_tables(asked.out, found, time.process_time() - began)
            if time.process_time() - began > 60 * asked.minutes:
                return


if __name__ == "__main__":
    main()
