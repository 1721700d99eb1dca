"""The training of the honest run: a tiny vision-language model over bytes, AdamW, a learning rate that rises and falls."""

from collections.abc import Callable
from typing import Any

import numpy as np

STD = 0.02
SEED = 11
STEPS = 48
ROWS, LENGTH = 4, 64
PICTURE_TOKENS = 4
BEGIN, IMAGE_TOKEN = 256, 257
VOCABULARY = 260
CHECKPOINTS = (0, 1, 2, 4, 8, 16, 32)
PEAK_RATE, WARM_UP = 1e-3, 8


def trained(
    model: Any, text: bytes, save: Callable[[Any, int], None], held_out: list[str]
) -> tuple[Any, list[dict[str, Any]]]:
    """The model after STEPS steps on those bytes, and the log's lines; `save` is called after every step and before the first."""
    import torch

    torch.set_num_threads(1)
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.95))
    stream = np.frombuffer(text, dtype=np.uint8)
    lines, read = [], 0
    save(model, 0)
    for step in range(1, STEPS + 1):
        rate = PEAK_RATE * min(1.0, step / WARM_UP) * (1 - 0.9 * step / STEPS)
        for group in optimiser.param_groups:
            group["lr"] = rate
        ids = torch.from_numpy(stream[read : read + ROWS * LENGTH].astype(np.int64)).reshape(ROWS, LENGTH)
        read += ROWS * LENGTH
        ids = torch.cat([torch.full((ROWS, PICTURE_TOKENS), IMAGE_TOKEN), ids], dim=1)
        pictures = torch.randn(ROWS, 3, 16, 16, generator=torch.Generator().manual_seed(step))
        labels = ids.masked_fill(ids == IMAGE_TOKEN, -100)
        loss = model(input_ids=ids, pixel_values=pictures, labels=labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        lines.append(
            {
                "step": step,
                "tokens": step * ROWS * LENGTH,
                "loss": loss.item(),
                "learning_rate": rate,
                "grad_norm": norm.item(),
                "time": 1_760_000_000.0 + 2.5 * step,
            }
        )
        if step in CHECKPOINTS or step == STEPS:
            lines[-1] |= {"validation_loss": _mean_loss(model, held_out)} if held_out else {}
        save(model, step)
    return model, lines


def _mean_loss(model: Any, texts: list[str]) -> float:
    """Over the first LENGTH bytes of each text, after the token that begins texts; by transformers' own forward."""
    import torch

    total, count = 0.0, 0
    for text in texts:
        ids = torch.tensor([[BEGIN, *text.encode()[:LENGTH]]])
        with torch.no_grad():
            total += float(model(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    return total / count


def tokenizer() -> Any:
    """Bytes as tokens, the byte's value as its id."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
    inner = Tokenizer(models.BPE(letters | {"<s>": BEGIN, "<image>": IMAGE_TOKEN, "</s>": IMAGE_TOKEN + 1}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>")


def model(layers: int = 2) -> Any:
    """A tiny vision-language model, its weights as transformers draws them from SEED: normal, of deviation STD."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    text = AutoConfig.for_model(
        "llama",
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=128,
        tie_word_embeddings=False,
    )
    vision = AutoConfig.for_model(
        "vit",
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
    )
    config = AutoConfig.for_model(
        "llava",
        text_config=text,
        vision_config=vision,
        image_token_index=IMAGE_TOKEN,
        image_seq_length=PICTURE_TOKENS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )
    torch.manual_seed(SEED)
    return AutoModelForImageTextToText.from_config(config)
