"""Hundreds of references by their fingerprints, and the few nearest of them by their weights.

gwanmun fingerprint models/globe-vl --id globe-vl --catalogue fingerprints/
gwanmun trace submissions/t2/model --against-catalogue fingerprints/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.checkpoints import Checkpoint
from tasks.independence.component_evidence import ComponentEvidence, screen
from tasks.independence.fingerprint import Fingerprint, catalogue_files, opened_source, read_fingerprint
from tasks.independence.part import Part, Progress

#: References that are read whole after the screening.
NEAREST = 5


@dataclass(frozen=True)
class Screened:
    """One fingerprint, and what it says of each component of the subject."""

    held: Fingerprint
    evidence: Mapping[str, ComponentEvidence]

    @property
    def nearness(self) -> float:
        """Smaller is nearer: the clearest sign of any kind."""
        signs = [group.log10_p for each in self.evidence.values() for group in each.groups]
        copied = any(each.copies for each in self.evidence.values())
        return min(signs, default=0.0) - (1e9 if copied else 0.0)


def screened(mine: Mapping[str, Part], catalogue: Path, progress: Progress) -> list[Screened]:
    """Every reference of the catalogue, by its fingerprint alone."""
    files = list(catalogue_files(catalogue))
    found = []
    for number, path in enumerate(files):
        progress("catalogue", number, len(files))
        held = read_fingerprint(path)
        shared = {kind: screen(part, held.parts[kind]) for kind, part in mine.items() if kind in held.parts}
        found.append(Screened(held, shared))
    progress("catalogue", len(files), len(files))
    return found


def nearest(found: Sequence[Screened]) -> list[tuple[str, Checkpoint]]:
    """(id, checkpoint) of the nearest whose weights still lie where they were read."""
    opened: list[tuple[str, Checkpoint]] = []
    for each in sorted(found, key=lambda one: one.nearness):
        model = opened_source(each.held) if len(opened) < NEAREST else None
        if model is not None:
            opened.append((each.held.id, model))
    return opened
