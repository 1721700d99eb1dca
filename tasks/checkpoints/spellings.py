"""What a tensor's name says once the marks of the program that wrote it are taken off, so that one rule reads all of them.

>>> plain_name("base_model.model/layers_3/mlp/gate_proj/kernel")
'base_model.model.layers.3.mlp.gate_proj.weight'
"""

import re
from collections.abc import Iterable

#: Lists of layers, by the name that stands before the number.
LAYER = re.compile(
    r"(?:^|\.)(layers|layer|h|blocks|block|blk|resblocks|encoder_layers|decoder_layers|transformer_blocks)\.(\d+)(?=\.)"
)
#: The same in Flax, whose lists have no number of their own.
_JOINED_LAYER = re.compile(r"((?:^|\.)(?:layers|blocks|block))_(\d+)(?=\.)")
#: Words that wrap a module and say nothing of it: adapters that were not merged, compiled and sharded modules.
_WRAPPERS = frozenset({"base_layer", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
#: Flax's last words for what is called weight elsewhere.
_FLAX_WEIGHTS = frozenset({"kernel", "embedding"})
#: What stands alone in a feed-forward layer under words that mean something else in other families → the parts that they play.
_TOGETHER = {
    frozenset(words.split()): dict(zip(words.split(), roles.split(), strict=True))
    for words, roles in (
        ("w2 w1 c_proj", "gate up down"),  # Qwen
        ("w12 w3", "gate_up down"),  # DINOv2
        ("w1 w2 ffn_ln w3", "gate up norm down"),  # EVA-CLIP
        ("fc0 fc1", "up_ungated down"),  # MoonViT
        ("fc_1 fc_2 proj", "gate up down"),  # lit-gpt
        ("linear linear_v linear_1", "gate up down"),  # Grok
    )
}


def plain_name(name: str) -> str:
    """The name with dots, numbers and last words as PyTorch has them, and without words that only wrap."""
    words = [word for word in name.replace("/", ".").split(".") if word not in _WRAPPERS]
    if len(words) > 1 and words[-1] in _FLAX_WEIGHTS:
        words[-1] = "weight"
    plain = ".".join(words)
    return plain if LAYER.search(plain) else _JOINED_LAYER.sub(r"\1.\2", plain, count=1)


def is_turned(name: str) -> bool:
    """Whether a matrix of that name is stored (in, out), as Flax's dense layers are."""
    return name.replace("/", ".").endswith(".kernel")


def roles_together(stems: Iterable[str]) -> dict[str, str]:
    """Stem (a plain name without `.weight`) → role, for those whose words mean something else beside each other."""
    beside: dict[str, dict[str, str]] = {}
    for stem in stems:
        before, _, word = stem.rpartition(".")
        beside.setdefault(before, {})[word] = stem
    known = ((words, _TOGETHER.get(frozenset(words))) for words in beside.values())
    return {stem: roles[word] for words, roles in known if roles is not None for word, stem in words.items()}
