"""Hundreds of references by their fingerprints, and the few nearest of them by their weights.

gwanmun fingerprint models/globe-vl --id globe-vl --catalogue fingerprints/
gwanmun trace submissions/t2/model --against-catalogue fingerprints/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.independence.device import enough_threads
from tasks.independence.fingerprint import Fingerprint
from tasks.independence.fingerprint_file import catalogue_files, read_fingerprint, read_screen
from tasks.independence.merges import Remainders
from tasks.independence.part import Part, Progress
from tasks.independence.remainder import Remainder, remainder_test
from tasks.independence.screening import SIGN_LOG10, Screening, Sign

#: References that are tested after the screening, besides all that show a sign; the rest are named as screened only.
NEAREST = 5
#: Multiplications of one of the screening's products: 64 units with 64, in 64 numbers.
_PRODUCT = 64.0**3


@dataclass(frozen=True)
class Screened:
    """A catalogue's references after the screening: those to be tested, the nearest first, and the ids of the others."""

    nearest: list[Fingerprint]
    others: list[str]


def screened(mine: Mapping[str, Part], catalogue: Path, known: set[str], progress: Progress) -> Screened:
    """Looks at every reference of the catalogue but those of the ids `known`, which are tested anyway."""
    files = list(catalogue_files(catalogue))
    screening = Screening(mine)
    signs: list[tuple[Sign, str, Path]] = []
    with enough_threads(_PRODUCT):
        for number, path in enumerate(files):
            progress("catalogue", number, len(files))
            identifier, held = read_screen(path)
            if identifier not in known:
                signs.append((screening.sign(held), identifier, path))
    progress("catalogue", len(files), len(files))
    signs.sort(key=lambda each: (each[0].order, each[1]))
    wanted = {path for place, (sign, _, path) in enumerate(signs) if place < NEAREST or sign.calls}
    others = sorted(identifier for _, identifier, path in signs if path not in wanted)
    return Screened([read_fingerprint(path) for _, _, path in signs if path in wanted], others)


def left_over(catalogue: Path, identifiers: Sequence[str], rests: Remainders) -> Iterator[Fingerprint]:
    """Those of the references that were only screened of which something is in what is left of the subject without a parent
    that was found: a disguise hides the smaller share of a merge from every screening."""
    for path in catalogue_files(catalogue):
        held = read_fingerprint(path)
        if held.id in identifiers and any(_is_in(held, kind, each) for kind, found in rests.items() for each in found):
            yield held


def _is_in(held: Fingerprint, kind: str, rest: Remainder) -> bool:
    test = remainder_test(rest, held.parts[kind], seed=0) if kind in held.parts else None
    return test is not None and test.log10_p <= SIGN_LOG10
