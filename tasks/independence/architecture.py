"""What two models have in common by design: family, settings, vocabulary. A finding of its own, and no derivation."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.records.lineage import ArchitectureFinding
from tasks.checkpoints import Checkpoint
from tasks.independence.token_tables import vocabulary

#: Settings that say how a model is built; paths, versions and token ids say nothing of it.
_TELLING = [
    "model_type",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "vocab_size",
    "hidden_act",
    "rope_theta",
    "sliding_window",
    "tie_word_embeddings",
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "num_experts_per_tok",
    "moe_intermediate_size",
    "n_shared_experts",
    "q_lora_rank",
    "kv_lora_rank",
    "qk_rope_head_dim",
    "qk_nope_head_dim",
    "v_head_dim",
    "image_size",
    "patch_size",
    "depth",
    "embed_dim",
    "n_embd",
    "n_layer",
    "n_head",
    "d_model",
    "encoder_layers",
    "decoder_layers",
    "first_k_dense_replace",
    "routed_scaling_factor",
    "rms_norm_eps",
    "layer_norm_eps",
]


@dataclass(frozen=True)
class Design:
    """A model's settings and the hashes of its vocabulary's tokens (empty where none can be read)."""

    config: Mapping[str, Any]
    tokens: frozenset[int]


def design_of(checkpoint: Checkpoint) -> Design:
    """The design of a checkpoint, from config.json and the tokenizer's file."""
    tokens = vocabulary(checkpoint.folder)
    hashes = (hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest() for token in tokens)
    return Design(checkpoint.config, frozenset(int.from_bytes(each, "little") for each in hashes))


def compare_designs(subject: Design, reference: Design) -> ArchitectureFinding:
    """Family by `model_type` of the text model (of the whole where it has no parts); settings that are equal, with values."""
    mine, theirs = _settings(subject.config), _settings(reference.config)
    shared = [f"{name}={value}" for name, value in mine.items() if name in theirs and theirs[name] == value]
    both = subject.tokens | reference.tokens
    known = bool(subject.tokens) and bool(reference.tokens)
    return ArchitectureFinding(
        same_family=bool(_family(subject.config)) and _family(subject.config) == _family(reference.config),
        shared_settings=shared,
        tokenizer_shared=len(subject.tokens & reference.tokens) / len(both) if known else None,
    )


def _family(config: Mapping[str, Any]) -> str:
    inner = config.get("text_config")
    kind = inner.get("model_type") if isinstance(inner, dict) else None
    return str(kind or config.get("model_type", ""))


def _settings(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    rotary = config.get("rope_parameters")  # where newer files keep rope_theta
    named = {**rotary, **config} if isinstance(rotary, Mapping) else config
    found = {f"{prefix}{name}": named[name] for name in _TELLING if named.get(name) is not None}
    for part in ("text_config", "vision_config", "audio_config"):
        if isinstance(config.get(part), dict):
            found |= _settings(config[part], f"{part}.")
    return found
