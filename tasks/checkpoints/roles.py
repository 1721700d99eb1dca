"""Which part a tensor plays, read from its name, shape and the model's settings, whatever wraps the model.

>>> [role.role for role in assign_roles(open_checkpoint(Path("model")))][:3]
['head', 'token_embedding', 'query']

Names of transformers' families and of the originals they were made from. A name that says nothing is `other`, which is
written down in the coverage ledger and never passed over in silence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tasks.checkpoints.checkpoint import Checkpoint
from tasks.checkpoints.layer_stacks import LayerLists, beside, units_beside
from tasks.checkpoints.spellings import LAYER, plain_name, roles_together

Component = Literal["language_model", "vision_tower", "audio_tower", "projector"]

#: The parts of a path that name a component. The projector goes first: some stand inside a vision tower's path.
_PROJECTOR_WORDS = """multi_modal_projector mm_projector projector vision_projector audio_projector connector merger aligner
    deepstack_merger_list mlp1 embed_vision embed_audio modality_projection resampler perceiver perceiver_resampler qformer
    abstractor vision_proj vl_connector image_projection speech_projector img_projection mm_projector_list"""
_VISION_WORDS = """vision_tower vision_model visual visual_model vision_encoder image_encoder vision_backbone visual_encoder
    vision vit img_encoder image_tower vpm siglip visual_tokenizer img_processor vision_tower_aux_list vision_towers dino
    dinov2 clip_model"""
_AUDIO_WORDS = (
    "audio_tower audio_model audio_encoder speech_encoder audio speech_tower apm whisper audio_embed sound_tower"
)
_COMPONENT_WORDS: tuple[tuple[Component, frozenset[str]], ...] = (
    ("projector", frozenset(_PROJECTOR_WORDS.split())),
    ("vision_tower", frozenset(_VISION_WORDS.split())),
    ("audio_tower", frozenset(_AUDIO_WORDS.split())),
)

#: Settings whose `model_type` is a component by itself (an encoder that was published alone).
_ALONE: tuple[tuple[Component, re.Pattern[str]], ...] = (
    (
        "vision_tower",
        re.compile(
            r"^(vit|deit|beit|dinov\d|swin|siglip|clip|eva|intern_?vit|convnext|aimv2|pixtral|ijepa|vjepa|videomae|vivit"
            r"|timesformer|yolos|hiera|segformer|dpt|pvt)|vision"
        ),
    ),
    (
        "audio_tower",
        re.compile(
            r"^(whisper|wav2vec2|hubert|wavlm|seamless_m4t|clap|audio|parakeet|sew|unispeech|mctct|mimi|encodec)|audio|speech"
        ),
    ),
)

_EXPERT = re.compile(r"(?:^|\.)experts\.(\d+)(?=\.)")

_ATTENTION = "(?:attn|attention|self_attention|self_attn)"
_T5 = "(?:SelfAttention|EncDecAttention)"
_MLP = "(?:mlp|ffn|feed_forward|ffn[12])"
#: A state-space layer (Mamba): what goes in fans out to gates and inner channels, which are written back.
_STATE_SPACE = "(?:mixer|mamba|ssm)"
#: RWKV calls the two matrices of its feed-forward layer key and value.
_NOT_RWKV = r"(?<!feed_forward\.)(?<!ffn\.)"
#: Role → the ends of names that mean it, most specific first; `.weight` and `.bias` are taken off before.
_ENDS = {
    "state_space_in": rf"{_STATE_SPACE}\.in_proj",
    "state_space_out": rf"{_STATE_SPACE}\.out_proj",
    "query_key_value": rf"{_ATTENTION}\.(?:c_attn|qkv|in_proj|in_proj_weight|in_proj_bias) qkv_proj Wqkv query_key_value "
    r"linear_qkv W_pack wqkv att_proj attn\.attn",
    "query_down": r"q_a_proj wq_a",
    "query_up": r"q_b_proj wq_b",
    "key_value_down": r"kv_a_proj_with_mqa kv_a_proj wkv_a",
    "key_value_up": r"kv_b_proj wkv_b",
    "query": rf"q_proj query query_proj wq {_T5}\.q attention\.q q_lin to_q attn_q",
    "key": rf"k_proj {_NOT_RWKV}key key_proj wk {_T5}\.k attention\.k k_lin to_k attn_k",
    "value": rf"v_proj {_NOT_RWKV}value value_proj wv {_T5}\.v attention\.v v_lin to_v attn_v",
    "attention_output": rf"o_proj out_proj {_ATTENTION}\.(?:c_proj|proj|dense|wo|Wo) attention\.output\.dense {_T5}\.o "
    r"out_lin projection_layer self_attention\.linear_proj to_out\.0 attn_out attn_output \d+\.wo",
    "gate_up": r"gate_up_proj gate_up_proj_bias gate_and_up_proj w13 mlp\.Wi mlp\.weights_in \w*(?:mlp|moe)\.input_linear",
    "up_gate": "ff_proj",
    "router": r"(?:mlp|block_sparse_moe|moe_block|moe|ffn|feed_forward)\.(?:gate|router) router router\.layer gate\.wg "
    "e_score_correction_bias",
    "gate": r"gate_proj w1 wi_0 c_fc_0 fc1_g ffn_gate",
    "up": r"up_proj w3 wi_1 c_fc_1 fc1_x v1 ffn_up",
    "down": rf"down_proj down_proj_bias w2 {_MLP}\.(?:c_proj|wo|Wo|proj_2|value|output_dense) DenseReluDense\.wo "
    r"dense_4h_to_h fc2 linear_fc2 linear2 fc_out output\.dense lin2 linear_2 mlp\.2 "
    r"\w*(?:mlp|moe)\.output_linear ff\.layer_2 ffn\.2 ffn_output ffn_down "
    r"mlp\.weights_out mlp\.proj \d+\.ff_out ff\w*\.net\.2 readout\.2",
    "up_ungated": rf"{_MLP}\.(?:c_fc|wi|key|intermediate_dense) DenseReluDense\.wi dense_h_to_4h fc1 linear_fc1 linear1 "
    r"fc_in intermediate\.dense lin1 linear_1 mlp\.0 ff\.layer_1 ffn\.0 ffn mlp\.fc ff\w*\.net\.0\.proj readout\.0",
    "rotary": r"inv_freq rotary_emb\.(?:cos|sin)_cached freqs_cis",
    "position_embedding": r"position_embeddings? wpe embed_positions positional_embedding pos_embed pos_emb "
    "relative_attention_bias relative_position_bias_table",
    "patch_embedding": r"patch_embedding patch_embeddings\.projection patch_embed\.proj patch_embed conv_proj conv1 conv2",
    "class_embedding": r"class_embedding cls_token class_token mask_token reg_token token_type_embeddings",
    "token_embedding": r"embed_tokens wte word_embeddings embed_in tok_embeddings token_embedding shared word_embedding "
    "embeddings token_embd",
    "head": r"lm_head embed_out output head score lm_head\.decoder output_layer cls\.predictions\.decoder ff_out",
}
_ROLES = tuple((role, re.compile(rf"(?:^|\.)(?:{'|'.join(ends.split())})$")) for role, ends in _ENDS.items())
_OUTSIDE_LAYERS = ("head", "token_embedding", "patch_embedding")  # the same word inside a layer is something else
#: The roles whose matrices are made of hidden units.
OF_UNITS = ("gate", "up", "gate_up", "up_gate", "up_ungated", "down", "state_space_in", "state_space_out")
#: What stands beside another of its kind in the same layer, by a word of its name.
_BESIDE = (
    ("cross", re.compile(r"encoder_attn|EncDecAttention|crossattention|cross_attn|\.attn2\.")),
    ("shared", re.compile(r"\.shared_(?:experts?|mlp)\.")),
    ("first", re.compile(r"\.ffn1\.")),
    ("context", re.compile(r"\.ff_context\.")),
)
_NORM = re.compile(r"(norm|ln_|layernorm|rmsnorm|(^|\.)ln\d|layer_norm)", re.IGNORECASE)
_BUFFER = re.compile(
    r"(position_ids|masked_bias|attn\.bias|causal_mask|num_batches_tracked|running_mean|running_var|(input|output|[kv])_scale)$"
)


@dataclass(frozen=True)
class TensorRole:
    """One tensor's part. `stack` tells apart lists of layers of one component (encoder and decoder) and what stands beside
    others in one layer, and is empty where there is one of them; `expert` counts the experts of a mixture, None elsewhere.
    `role` is one of the names in this module, `norm`, `buffer` or `other`."""

    name: str
    component: str
    role: str
    layer: int | None
    stack: str = ""
    expert: int | None = None
    bias: bool = False

    @property
    def place(self) -> tuple[str, str, int | None, int | None, bool]:
        """What makes it the same part of two models: stack, role, layer, expert, weight or bias."""
        return self.stack, self.role, self.layer, self.expert, self.bias


def assign_roles(checkpoint: Checkpoint) -> list[TensorRole]:
    """The role of every tensor, in the order of names."""
    return roles_of(checkpoint.tensors, checkpoint.config)


def roles_of(names: Iterable[str], config: Mapping[str, Any]) -> list[TensorRole]:
    """The role of everything named so in a model of these settings, in the order of names."""
    known = sorted(names)
    plain = {plain_name(name): name for name in known}
    if len(plain) < len(known):  # two that a program's marks alone tell apart
        plain = {name: name for name in known}
    whole = _alone(config, list(plain))
    together = roles_together(_stem(name)[0] for name in plain)
    found = _with_stacks([_role(name, whole, together) for name in plain])
    return sorted((replace(role, name=plain[role.name]) for role in found), key=lambda role: role.name)


def _role(name: str, whole: Component | None, together: Mapping[str, str]) -> TensorRole:
    layer_match = LAYER.search(name)
    layer = int(layer_match.group(2)) if layer_match else None
    expert_match = _EXPERT.search(name)
    stem, bias = _stem(name)
    return TensorRole(
        name,
        whole if whole is not None else _component(name),
        together.get(stem) or _role_of(stem, name, layer),
        layer,
        "",
        int(expert_match.group(1)) if expert_match else None,
        bias,
    )


def _stem(name: str) -> tuple[str, bool]:
    for end in (".weight", ".bias", "_weight", "_bias"):
        if name.endswith(end):
            return (name if end.startswith("_") else name[: -len(end)]), end.endswith("bias")
    return name, False


def _role_of(stem: str, name: str, layer: int | None) -> str:
    if _BUFFER.search(name):
        return "buffer"
    last = ".".join(stem.split(".")[-2:])
    if _NORM.search(last) and not re.search(r"proj$|dense$", last):
        return "norm"
    for role, pattern in _ROLES:
        if pattern.search(stem):
            return "other" if layer is not None and role in _OUTSIDE_LAYERS else role
    return "other"


def _component(name: str) -> Component:
    words = name.split(".")
    for component, named in _COMPONENT_WORDS:
        if any(word in named for word in words):
            return component
    return "language_model"


def _alone(config: Mapping[str, Any], names: Sequence[str]) -> Component | None:
    """The component that the whole model is, for an encoder published by itself; None for any other model."""
    kind = str(config.get("model_type", ""))
    wraps = any(key.endswith("_config") and isinstance(config.get(key), dict) for key in config)
    named = {_component(name) for name in names}
    if wraps or len(named) > 1 or any(name.split(".")[-2:-1] == ["lm_head"] for name in names):
        return None
    for component, pattern in _ALONE:
        if pattern.search(kind):
            return component
    return None


def _with_stacks(roles: Sequence[TensorRole]) -> list[TensorRole]:
    """The roles with their stacks, which follow from all names of a component together."""
    paths = {role.name: _list_path(role.name) for role in roles}
    listed: dict[str, set[str]] = {role.component: set() for role in roles}
    for role in roles:
        if (path := paths[role.name]) is not None:
            listed[role.component].add(path)
    lists = {component: LayerLists(each) for component, each in listed.items()}
    found = [
        replace(role, stack=beside(lists[role.component].of(paths[role.name], role.name), _beside(role)))
        for role in roles
    ]
    units: dict[tuple[str, str], list[tuple[str, object, str]]] = {}
    for role in found:
        if role.role in OF_UNITS and not role.bias and role.layer is not None:
            units.setdefault((role.component, role.stack), []).append((role.name, (role.layer, role.expert), role.role))
    words = {name: word for each in units.values() for name, word in units_beside(each).items()}
    return [
        replace(role, stack=beside(role.stack, [words[role.name]])) if role.name in words else role for role in found
    ]


def _list_path(name: str) -> str | None:
    """The path of the list of layers that the tensor is in."""
    match = LAYER.search(name)
    return match.string[: match.end(1)] if match else None


def _beside(role: TensorRole) -> list[str]:
    words = [word for word, pattern in _BESIDE if pattern.search(role.name)]
    inside = role.layer is not None and role.role.startswith("state_space")  # hybrid models have both in one layer
    return [*words, *(["state_space"] if inside else [])]
