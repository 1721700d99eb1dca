"""Models whose rotary positions follow from how long a sequence is (`longrope`: Phi-3 and Phi-4 of long contexts).

transformers chooses their factors by the furthest position of a forward, for all its tokens and rows: a beginning that
longer and shorter texts share has no keys of its own, and what shares a forward must be of one length. (`dynamic` factors
do so too, but only beyond the model's length, to which every text is cut here.)
"""

from typing import Any


def follow_length(model: Any) -> bool:
    """Whether a token's rotary position depends on what comes behind it; some models say so for each type of layer."""
    kinds = [getattr(module, "rope_type", None) for module in model.modules()]
    return any("longrope" in (kind.values() if isinstance(kind, dict) else [kind]) for kind in kinds)
