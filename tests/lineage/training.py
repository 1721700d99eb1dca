"""Builds a small transformers model from its settings, draws its step 0, and trains it by rule-made text or pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from tests.lineage import corpus

WIDTH, UNITS, LAYERS, HEADS, GROUPS = 64, 176, 4, 4, 2
PLAIN_UNITS = 256
ROWS, LENGTH = 8, 32
#: The parent's own budget in optimiser steps, and its highest learning rate.
BUDGET = 100
RATE = 5e-3
ENCODER = "siglip_vision_model"


@dataclass(frozen=True)
class Model:
    """A model's settings and numbers, named as transformers' modules name them; `words` are its tokens."""

    config: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor] = field(default_factory=dict)
    words: tuple[str, ...] = tuple(corpus.VOCABULARY)

    @property
    def family(self) -> str:
        """transformers' model type."""
        return str(self.config["model_type"])

    def changed(self, tensors: Mapping[str, torch.Tensor], **settings: Any) -> "Model":
        """The same with other numbers and settings."""
        return replace(self, config={**self.config, **settings}, tensors=tensors)


def settings(family: str) -> dict[str, Any]:
    """What a model of the family is built from."""
    tokens = {"vocab_size": len(corpus.VOCABULARY), "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0}
    if family == "gpt2":
        shape = {"n_embd": WIDTH, "n_inner": PLAIN_UNITS, "n_layer": LAYERS, "n_head": HEADS, "n_positions": LENGTH}
        dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        return {"model_type": family, "tie_word_embeddings": False, **shape, **tokens, **dropout}
    shape = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    if family == ENCODER:
        pictures = {"image_size": 32, "patch_size": 8, "vision_use_head": False}
        return {"model_type": family, "intermediate_size": PLAIN_UNITS, **shape, **pictures}
    heads = {"num_key_value_heads": GROUPS, "head_dim": WIDTH // HEADS, "max_position_embeddings": 128}
    return {"model_type": family, "tie_word_embeddings": False, "intermediate_size": UNITS, **shape, **heads, **tokens}


def module(model: Model) -> Any:
    """The runnable transformers model."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    fields = {key: value for key, value in model.config.items() if key != "model_type"}
    config = AutoConfig.for_model(model.family, dtype="float32", **fields)
    built = (AutoModel if model.family == ENCODER else AutoModelForCausalLM).from_config(config)
    if model.tensors:
        built.load_state_dict(dict(model.tensors), strict=True)
    return built.eval()


def answers(model: Model, rows: torch.Tensor) -> torch.Tensor:
    """What the model says: logits, or an encoder's states."""
    with torch.no_grad():
        answer = module(model)(rows)
    return torch.as_tensor(answer.last_hidden_state if model.family == ENCODER else answer.logits)


def draw(family: str, seed: int) -> Model:
    """Step 0: matrices and embeddings from a normal distribution, gains one, biases zero."""
    empty = Model(settings(family))
    generator = torch.Generator().manual_seed(seed)
    tensors = dict(module(empty).state_dict())
    return replace(empty, tensors={name: redrawn(name, tensors[name], generator) for name in sorted(tensors)})


def redrawn(name: str, tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One tensor at step 0."""
    if tensor.ndim >= 2:
        return torch.randn(tensor.shape, generator=generator) * 0.06
    return torch.zeros_like(tensor) if name.endswith("bias") else torch.ones_like(tensor)


def train(
    start: Model, data: int, steps: int, rate: float, teacher: Model | None = None, states: bool = False
) -> Model:
    """AdamW for `steps` steps on rows drawn by the seed `data`; with a teacher, on its predictions of them, or on its last
    hidden states too, coordinate for coordinate."""
    torch.set_num_threads(1)
    model = module(start).train()
    loss_of = _picture_loss(model, data) if start.family == ENCODER else _text_loss(model, data, teacher, states)
    groups = [
        {"params": [each for each in model.parameters() if each.ndim >= 2], "weight_decay": 0.1},
        {"params": [each for each in model.parameters() if each.ndim < 2], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10) * max(0.1, 1 - step / steps)
        loss_of().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return replace(start, tensors={name: tensor.detach().clone() for name, tensor in model.state_dict().items()})


def mean_loss(model: Model, data: int, batches: int = 4) -> float:
    """Loss in nats on rows that `data` draws."""
    built = module(model)
    loss_of = _picture_loss(built, data) if model.family == ENCODER else _text_loss(built, data, None)
    with torch.no_grad():
        return sum(loss_of().item() for _ in range(batches)) / batches


def _text_loss(model: Any, data: int, teacher: Model | None, states: bool = False) -> Callable[[], torch.Tensor]:
    batches = corpus.Batches(data, ROWS, LENGTH)
    taught_by = module(teacher) if teacher is not None else None

    def loss() -> torch.Tensor:
        rows = torch.from_numpy(batches.next())
        answer = model(rows, output_hidden_states=states)
        said = answer.logits[:, :-1].flatten(0, 1)
        if taught_by is None:
            return torch.nn.functional.cross_entropy(said, rows[:, 1:].flatten())
        with torch.no_grad():
            taught = taught_by(rows, output_hidden_states=states)
        wanted = taught.logits[:, :-1].flatten(0, 1).log_softmax(-1)
        apart = torch.nn.functional.kl_div(said.log_softmax(-1), wanted, reduction="batchmean", log_target=True)
        if not states:
            return apart
        mine, its = answer.hidden_states[-1], taught.hidden_states[-1]
        return apart + (mine - its).square().mean() / its.square().mean()

    return loss


def _picture_loss(model: Any, data: int) -> Callable[[], torch.Tensor]:
    """Which figure a picture shows, by one linear reading of the mean state that is the same for all models, so that the
    stream's coordinates mean the same to all of them: nulls are the harder for it."""
    generator = torch.Generator().manual_seed(data)
    reading = torch.randn(WIDTH, 48, generator=torch.Generator().manual_seed(0)) * 0.3

    def loss() -> torch.Tensor:
        pictures, labels = drawn_pictures(generator, 3 * ROWS)
        return torch.nn.functional.cross_entropy(model(pictures).last_hidden_state.mean(dim=1) @ reading, labels)

    return loss


def drawn_pictures(generator: torch.Generator, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(count, 3, 32, 32) noisy pictures of one figure, and which of 48 it is: 4 places, 4 shapes, 3 colours."""
    labels = torch.randint(48, (count,), generator=generator)
    place, shape, colour = labels // 12, labels % 12 // 3, labels % 3
    across, down = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="xy")
    x = (across - 8 - 16 * (place % 2)[:, None, None]).abs()
    y = (down - 8 - 16 * (place // 2)[:, None, None]).abs()
    near, far = torch.minimum(x, y), torch.maximum(x, y)
    figures = torch.stack([far < 6, x + y < 7, x**2 + y**2 < 30, (near < 2) & (far < 7)])
    pictures = torch.randn(count, 3, 32, 32, generator=generator) * 0.3
    pictures[torch.arange(count), colour] += 2 * figures[shape, torch.arange(count)].float()
    return pictures, labels
