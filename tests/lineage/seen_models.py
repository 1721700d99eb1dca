"""A model as the published statistics see it: tensors under common names, what it computes on the same prompts, its tokens.

>>> seen(made(parent("llama", 1))).run.states[2].shape     # after two layers, the last token of every prompt
torch.Size([200, 64])
"""

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import torch

from tests.lineage import corpus
from tests.lineage.layout import Layout, opened
from tests.lineage.training import ENCODER, Model, drawn_pictures, module

#: REEF's number of prompts, and their length in tokens here.
PROMPTS, LENGTH = 200, 12
#: Norms before the feed-forward layer, whose units read their answers.
_NORMS = ("post_attention_layernorm", "ln_2", "layer_norm2")


@dataclass(frozen=True)
class Run:
    """On the prompts: `states` after 0, 1, … layers, (prompts, width), at the last token (over all patches of a picture);
    `reads` is what the units of each layer read, (positions, width)."""

    states: list[torch.Tensor]
    reads: list[torch.Tensor]


@dataclass(frozen=True)
class Seen:
    """A model with its tensors under common names. A mixture is seen by the first of its experts."""

    model: Model
    layout: Layout

    @cached_property
    def run(self) -> Run:
        """What it computes on the prompts."""
        built = module(self.model)
        reads: list[torch.Tensor] = []

        def keep(_: Any, __: Any, answer: torch.Tensor) -> None:
            reads.append(answer.flatten(0, -2))

        for name, each in built.named_modules():
            if name.endswith(_NORMS):
                each.register_forward_hook(keep)
        with torch.no_grad():
            answer = built(_prompts(self.model), output_hidden_states=True)
        pictures = self.model.family == ENCODER
        states = [each.mean(dim=1) if pictures else each[:, -1] for each in answer.hidden_states]
        return Run(states, reads)

    def units(self, layer: int, side: str) -> torch.Tensor:
        """(positions, units): what the units' `gate` or `up` rows answer on the prompts."""
        tensors = self.layout.tensors
        answer = self.run.reads[layer] @ tensors[f"{layer}.{side}"].T
        return answer + tensors[f"{layer}.{side}.bias"] if f"{layer}.{side}.bias" in tensors else answer


def seen(model: Model) -> Seen:
    """A model's tensors, opened."""
    return Seen(model, opened(_dense(model) if model.family == "mixtral" else model))


def _dense(model: Model) -> Model:
    tensors = {name: each for name, each in model.tensors.items() if ".mlp." not in name}
    for layer in range(int(model.config["num_hidden_layers"])):
        stem = f"model.layers.{layer}.mlp"
        gate, up = model.tensors[f"{stem}.experts.gate_up_proj"][0].chunk(2)
        down = model.tensors[f"{stem}.experts.down_proj"][0]
        tensors |= {f"{stem}.{name}_proj.weight": each for name, each in (("gate", gate), ("up", up), ("down", down))}
    return replace(model, config={**model.config, "model_type": "llama"}, tensors=tensors)


def _prompts(model: Model) -> torch.Tensor:
    """The same sentences for all, in the model's own token numbers; words that it does not have are its token 0."""
    if model.family == ENCODER:
        return drawn_pictures(torch.Generator().manual_seed(41), PROMPTS)[0]
    numbers = {word: number for number, word in enumerate(model.words)}
    rows = [[numbers.get(word, 0) for word in words] for words in _sentences()]
    return torch.tensor(rows)


@cache
def _sentences() -> tuple[tuple[str, ...], ...]:
    rng = random.Random(41)
    rows = []
    for _ in range(PROMPTS):
        words: list[str] = []
        while len(words) < LENGTH:
            words += corpus.sentence(rng)
        rows.append(tuple(words[:LENGTH]))
    return tuple(rows)


def shared_rows(one: Model, other: Model, most: int | None = None) -> tuple[list[int], list[int]]:
    """Rows of the embeddings of tokens that both have; with `most`, the rarest so many in what they were trained on."""
    numbers = {word: number for number, word in enumerate(other.words)}
    shared = [word for word in one.words if word in numbers]
    if most is not None:
        shared = sorted(shared, key=lambda word: (_counts()[word], word))[:most]
    mine = {word: number for number, word in enumerate(one.words)}
    return [mine[word] for word in shared], [numbers[word] for word in shared]


@cache
def _counts() -> Counter[str]:
    rng = random.Random(43)
    return Counter(word for _ in range(4_000) for word in corpus.sentence(rng))
