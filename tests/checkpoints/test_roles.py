"""Every tensor of real transformers families gets its part, whatever the family calls it and whatever wraps it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks.checkpoints import TensorRole, assign_roles, open_checkpoint
from tasks.independence.feed_forward import feed_forward_layers

WIDTH, UNITS, VOCABULARY = 32, 48, 100
DECODER = {
    "hidden_size": WIDTH,
    "intermediate_size": UNITS,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": VOCABULARY,
    "pad_token_id": 0,
}
GPT2 = {"n_embd": WIDTH, "n_layer": 2, "n_head": 4, "vocab_size": VOCABULARY, "n_inner": UNITS}
ENCODER = {k: DECODER[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")}
PICTURES = {**ENCODER, "image_size": 16, "patch_size": 8}
EXPERTS = {**DECODER, "moe_intermediate_size": 16}
LATENT = {
    **EXPERTS,
    "n_routed_experts": 4,
    "n_group": 2,
    "topk_group": 1,
    "num_experts_per_tok": 2,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "first_k_dense_replace": 1,
}
DBRX = {
    "d_model": WIDTH,
    "n_heads": 4,
    "n_layers": 2,
    "vocab_size": VOCABULARY,
    "ffn_config": {"ffn_hidden_size": UNITS, "moe_num_experts": 4, "moe_top_k": 2},
    "attn_config": {"kv_n_heads": 2, "rope_theta": 10_000.0},
}
WHISPER = {
    "d_model": WIDTH,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": UNITS,
    "decoder_ffn_dim": UNITS,
    "vocab_size": VOCABULARY,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}

#: Family → settings, layers of hidden units (experts count each), tensors whose part its name does not tell.
FAMILIES: dict[str, tuple[dict[str, Any], int, int]] = {
    "llama": (DECODER, 2, 0),
    "qwen2": (DECODER, 2, 0),
    "qwen3": (DECODER, 2, 0),
    "mistral": (DECODER, 2, 0),
    "gemma2": ({**DECODER, "head_dim": 8}, 2, 0),
    "phi3": (DECODER, 2, 0),
    "exaone4": (DECODER, 2, 0),
    "exaone_moe": ({**EXPERTS, "num_experts": 4, "first_k_dense_replace": 1, "head_dim": 8}, 6, 0),
    "hyperclovax": (DECODER, 2, 0),
    "solar_open": ({**LATENT, "head_dim": 8}, 10, 0),
    "axk1": (LATENT, 6, 0),
    "dbrx": (DBRX, 2, 0),
    "gpt2": (GPT2, 2, 0),
    "gpt_neox": (DECODER, 2, 0),
    "bloom": ({"hidden_size": WIDTH, "n_layer": 2, "n_head": 4, "vocab_size": VOCABULARY}, 2, 0),
    "opt": ({**DECODER, "ffn_dim": UNITS, "word_embed_proj_dim": WIDTH}, 2, 0),
    "t5": ({"d_model": WIDTH, "num_layers": 2, "num_heads": 4, "d_ff": UNITS, "vocab_size": VOCABULARY}, 4, 0),
    "mixtral": ({**DECODER, "num_local_experts": 4}, 8, 0),
    "qwen3_moe": ({**EXPERTS, "num_experts": 4}, 8, 0),
    "deepseek_v3": (LATENT, 6, 0),
    "gpt_oss": ({**DECODER, "num_local_experts": 4, "head_dim": 8}, 8, 2),
    "bert": ({**ENCODER, "vocab_size": VOCABULARY}, 2, 2),
    "vit": (PICTURES, 2, 2),
    "siglip_vision_model": (PICTURES, 3, 1),
    "clip_vision_model": (PICTURES, 2, 0),
    "dinov2": ({**PICTURES, "use_swiglu_ffn": True}, 2, 4),
    "whisper": (WHISPER, 4, 0),
    "modernbert": ({**ENCODER, "vocab_size": VOCABULARY, "pad_token_id": 0}, 2, 0),
    "llama4_text": ({**DECODER, "head_dim": 8, "num_local_experts": 4}, 10, 0),
    "mamba": ({"hidden_size": WIDTH, "num_hidden_layers": 2, "vocab_size": VOCABULARY}, 2, 14),
    "wav2vec2": ({**ENCODER, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}, 2, 13),
}
ALONE = dict.fromkeys(("vit", "siglip_vision_model", "clip_vision_model", "dinov2"), "vision_tower")


def roles_of(model: Any, folder: Path) -> list[TensorRole]:
    model.save_pretrained(folder)
    return assign_roles(open_checkpoint(folder))


def untold(roles: list[TensorRole]) -> list[str]:
    return [role.name for role in roles if role.role == "other"]


@pytest.mark.parametrize("family", FAMILIES)
def test_families(family: str, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModel

    settings, layers, unknown = FAMILIES[family]
    model = AutoModel.from_config(AutoConfig.for_model(family, **settings))
    roles = roles_of(model, tmp_path)
    expected = "audio_tower" if family in ("whisper", "wav2vec2") else ALONE.get(family, "language_model")
    assert {role.component for role in roles} == {expected}
    assert len(untold(roles)) <= unknown, untold(roles)
    assert {role.layer for role in roles} - {None} == {0, 1}
    found = feed_forward_layers(open_checkpoint(tmp_path), roles)
    assert len(found) == layers
    for stored in found:
        layer = stored.leading(stored.units)
        assert {each.shape for each in layer.reads} == {layer.writes.shape}
        assert layer.writes.shape[1] == WIDTH and layer.shapes == stored.shapes


def test_turned_layouts_give_the_units_that_the_model_has(tmp_path: Path) -> None:
    """Conv1D (GPT-2) stores its matrices the other way round: a unit's row is a column there."""
    from transformers import GPT2Config, GPT2Model

    model = GPT2Model(GPT2Config(**{**GPT2, "n_inner": WIDTH}))  # square, so shapes alone do not tell
    roles = roles_of(model, tmp_path)
    stored = feed_forward_layers(open_checkpoint(tmp_path), roles)[0]
    layer = stored.leading(stored.units)
    assert (layer.reads[0] == model.h[0].mlp.c_fc.weight.detach().numpy().T).all()
    assert (layer.writes == model.h[0].mlp.c_proj.weight.detach().numpy()).all()


@pytest.mark.parametrize(("family", "start", "step"), [("gpt_oss", 0, 2), ("llama4_text", 0, 1)])
def test_fused_experts_give_the_units_that_the_model_has(family: str, start: int, step: int, tmp_path: Path) -> None:
    """gpt-oss writes gate and up by turns, Llama 4 one after the other."""
    from transformers import AutoConfig, AutoModel

    model = AutoModel.from_config(AutoConfig.for_model(family, **FAMILIES[family][0]))
    experts = dict(model.layers[1].named_modules())["mlp.experts" if family == "gpt_oss" else "feed_forward.experts"]
    roles = roles_of(model, tmp_path)
    stored = feed_forward_layers(open_checkpoint(tmp_path), roles)
    layer = next(each for each in stored if each.place == ("", 1, 3)).leading(UNITS)
    gate = experts.gate_up_proj[3].detach().numpy().T[start::step][:UNITS]
    assert (layer.reads[0] == gate).all()
    assert (layer.writes == experts.down_proj[3].detach().numpy()).all()


@pytest.mark.parametrize("wrapper", ["llava", "deepseek_vl", "qwen2_vl"])
def test_wrappers_have_their_components(wrapper: str, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForImageTextToText

    if wrapper == "qwen2_vl":
        rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "type": "mrope"}
        vision = {"depth": 2, "embed_dim": WIDTH, "hidden_size": WIDTH, "num_heads": 4}
        config = AutoConfig.for_model(wrapper, text_config={**DECODER, "rope_scaling": rope}, vision_config=vision)
    else:
        text = AutoConfig.for_model("llama", **DECODER)
        vision = AutoConfig.for_model("siglip_vision_model", **PICTURES, vision_use_head=False)
        config = AutoConfig.for_model(wrapper, text_config=text, vision_config=vision)
    roles = roles_of(AutoModelForImageTextToText.from_config(config), tmp_path)
    assert untold(roles) == []
    counted = Counter(role.component for role in roles)
    assert set(counted) == {"language_model", "vision_tower", "projector"}
    assert {role.layer for role in roles if role.component == "vision_tower"} == {None, 0, 1}
