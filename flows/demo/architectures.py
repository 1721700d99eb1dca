"""Which real transformers architecture each demo model has, and its step-0 weights.

`globe-vl` and C are the same LLaVA model (SigLIP vision tower, Qwen3 text model) with different weights; B wraps the
same vision tower in DeepSeek-VL, under other tensor names; A, D and E are LLaVA models with other text models and sizes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flows.demo import tokenizer
from flows.demo.shapes import IMAGE_MARK, SIDE

if TYPE_CHECKING:
    from transformers import PreTrainedModel

#: Every step-0 matrix is normal with this standard deviation; gains are one and biases zero.
INITIAL_STD = 0.06
TEXT_WIDTH = 96
VISION_WIDTH = 64
PATCH = 8
#: Mean and standard deviation that pixels in [0, 1] are normalised with.
HALF = [0.5, 0.5, 0.5]
IMAGE_TOKENS = (SIDE // PATCH) ** 2


@dataclass(frozen=True)
class Architecture:
    """A demo model's shape."""

    wrapper: Literal["llava", "deepseek_vl"]
    text: Literal["llama", "qwen3", "mistral"]
    layers: int
    feed_forward: int
    heads: int
    key_value_heads: int
    vision_layers: int = 2
    vision_feed_forward: int = 128


def build(shape: Architecture) -> "PreTrainedModel":
    """The model with whatever weights its constructor leaves; `initialise` gives it its own."""
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_config(_config(shape))


def initialise(model: "PreTrainedModel", seed: int) -> None:
    """Step-0 weights: matrices and embeddings from normal(0, INITIAL_STD) by `seed`, gains one, biases zero."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if parameter.ndim >= 2:
                parameter.normal_(0.0, INITIAL_STD, generator=generator)
            elif name.endswith("bias"):
                parameter.zero_()
            else:
                parameter.fill_(1.0)


def vision_tower(model: "PreTrainedModel") -> Any:
    """The vision tower's module, whatever the wrapper calls it."""
    inner: Any = model.model
    return inner.vision_tower if hasattr(inner, "vision_tower") else inner.vision_model


def save_processor(shape: Architecture, folder: Path) -> None:
    """Tokenizer and picture settings beside the weights, so that `AutoProcessor.from_pretrained` opens the folder."""
    from transformers import DeepseekVLProcessor, LlavaProcessor
    from transformers.models.deepseek_vl.image_processing_pil_deepseek_vl import DeepseekVLImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    size = {"height": SIDE, "width": SIDE}
    if shape.wrapper == "deepseek_vl":
        pictures = DeepseekVLImageProcessorPil(size=size, min_size=SIDE, do_pad=False, image_mean=HALF, image_std=HALF)
        DeepseekVLProcessor(pictures, tokenizer.build(), num_image_tokens=IMAGE_TOKENS).save_pretrained(folder)
    else:
        pictures = SiglipImageProcessorPil(size=size, image_mean=HALF, image_std=HALF)
        LlavaProcessor(
            pictures, tokenizer.build(), patch_size=PATCH, vision_feature_select_strategy="full"
        ).save_pretrained(folder)


def _config(shape: Architecture) -> Any:
    from transformers import AutoConfig

    tokens = tokenizer.vocabulary()
    ends = {
        "pad_token_id": tokens[tokenizer.PAD],
        "bos_token_id": tokens[tokenizer.BEGIN],
        "eos_token_id": tokens[tokenizer.END],
    }
    text = AutoConfig.for_model(
        shape.text,
        vocab_size=tokenizer.VOCABULARY_SIZE,
        hidden_size=TEXT_WIDTH,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=TEXT_WIDTH // shape.heads,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        dtype="float32",
        **ends,
    )
    vision = AutoConfig.for_model(
        "siglip_vision_model",
        hidden_size=VISION_WIDTH,
        intermediate_size=shape.vision_feed_forward,
        num_hidden_layers=shape.vision_layers,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        vision_use_head=False,
        dtype="float32",
    )
    image_token = tokens[IMAGE_MARK]
    common = {"vision_config": vision, "text_config": text, "tie_word_embeddings": False, "dtype": "float32"}
    if shape.wrapper == "deepseek_vl":
        return AutoConfig.for_model("deepseek_vl", image_token_id=image_token, **common)
    return AutoConfig.for_model(
        "llava",
        image_token_index=image_token,
        image_seq_length=IMAGE_TOKENS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        **common,
    )
