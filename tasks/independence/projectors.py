"""What a projector's likeness is worth where the encoder and the language model at its ends may both be the reference's too.

Its inputs and outputs are then coordinates that the two models have in common, and training it is close to a convex problem:
projectors trained apart between the same frozen models come out alike, a single matrix number for number, hidden units in
another order. Only the order of its hidden units is its own then, and exact copies.
"""

from collections.abc import Mapping
from dataclasses import replace

from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.verdict import Judgement

PROJECTOR, LANGUAGE, TOWERS = "projector", "language_model", ("vision_tower", "audio_tower")


def judged_between(judged: Mapping[str, Judgement], evidence: Mapping[str, ComponentEvidence]) -> dict[str, Judgement]:
    """One reference's judgements; of a projector that was found by what its surroundings can bring about, `indeterminate`, unless
    one of its ends is known to be the subject's own."""
    found = judged.get(PROJECTOR)
    if found is None or found.verdict != "derived" or _shown_by_order(found, evidence[PROJECTOR]):
        return dict(judged)
    towers = [judged[kind].verdict for kind in TOWERS if kind in judged]
    own_tower = bool(towers) and all(verdict == "independent" for verdict in towers)
    if own_tower or (LANGUAGE in judged and judged[LANGUAGE].verdict == "independent"):
        return dict(judged)
    left_open = replace(found, verdict="indeterminate", relation=None, layers=[], why="same-surroundings")
    return {**judged, PROJECTOR: left_open}


def _shown_by_order(found: Judgement, evidence: ComponentEvidence) -> bool:
    """Whether it rests on identical numbers, or on hidden units that stand in one order."""
    hidden = all(layer.writes.name != layer.reads[0].name for layer in evidence.subject.layers)
    return found.why == "copied" or (found.why == "place" and hidden)
