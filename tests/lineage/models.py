"""Models by how they were made: drawn, trained, changed. Made when asked for; what training gave is kept under build/.

>>> parent = Trained(Drawn("llama", 1), data=1)
>>> folder = saved(Changed(Trained(parent, data=2, steps=40), "rotated"), tmp_path / "child")
"""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.lineage import corpus
from tests.lineage.training import BUDGET, ENCODER, RATE, Model, draw, module, train

HERE = Path(__file__).resolve().parent
KEPT = HERE.parent.parent / "build" / "lineage"


@dataclass(frozen=True)
class Drawn:
    """A model of a family (a transformers model type) at step 0, its numbers drawn by the seed `weights`."""

    family: str
    weights: int


@dataclass(frozen=True)
class Trained:
    """A model trained on: `data` is the seed of its rows, `teacher` a model whose predictions it learns, and
    with `states` its last hidden states too."""

    start: "Recipe"
    data: int
    steps: int = BUDGET
    rate: float = RATE
    teacher: "Recipe | None" = None
    states: bool = False


@dataclass(frozen=True)
class Changed:
    """A model changed without training: `how` names a rule of `changes`, `other` is a model that goes into it."""

    start: "Recipe"
    how: str
    seed: int = 0
    amount: float = 0.0
    other: "Recipe | None" = None


Recipe = Drawn | Trained | Changed


@lru_cache(maxsize=256)
def made(recipe: Recipe) -> Model:
    """The model that a recipe describes."""
    if isinstance(recipe, Drawn):
        return draw(recipe.family, recipe.weights)
    if isinstance(recipe, Changed):
        from tests.lineage.changes import CHANGES

        generator = torch.Generator().manual_seed(recipe.seed)
        other = None if recipe.other is None else made(recipe.other)
        return CHANGES[recipe.how](made(recipe.start), generator, recipe.amount, other)
    start, path = made(recipe.start), KEPT / f"{_hash(recipe)}.safetensors"
    if path.exists():
        return replace(start, tensors=load_file(path))
    teacher = None if recipe.teacher is None else made(recipe.teacher)
    trained = train(start, recipe.data, recipe.steps, recipe.rate, teacher, recipe.states)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    save_file({name: tensor.contiguous() for name, tensor in trained.tensors.items()}, unfinished)
    unfinished.rename(path)
    return trained


def _hash(recipe: Recipe) -> str:
    """Of the recipe and of all code that it comes from."""
    sources = ["training.py", "corpus.py", *(["changes.py", "layout.py"] if "Changed(" in repr(recipe) else [])]
    digest = hashlib.sha256(f"{recipe!r} {version('torch')} {version('transformers')}".encode())
    for source in sources:
        digest.update((HERE / source).read_bytes())
    return digest.hexdigest()[:20]


def saved(recipe: Recipe, folder: Path) -> Path:
    """The model as `save_pretrained` writes it, with its tokens."""
    model = made(recipe)
    module(model).save_pretrained(folder)
    if model.family != ENCODER:
        corpus.write_tokenizer(folder, model.words)
    return folder


def saved_in_disguise(recipe: Recipe, folder: Path) -> Path:
    """The same numbers as bfloat16, in three shards, every tensor under a wrapper's prefix."""
    model = made(recipe)
    saved(recipe, folder / "plain")
    tensors = {
        f"wrapped.language_model.{name}": tensor.to(torch.bfloat16)
        for name, tensor in load_file(folder / "plain" / "model.safetensors").items()
    }
    shutil.rmtree(folder / "plain")
    write_tensors(folder, {**model.config, "model_type": "wrapped"}, tensors, shards=3)
    corpus.write_tokenizer(folder, model.words)
    return folder


def write_tensors(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], shards: int = 1
) -> None:
    """Writes tensors under any names, for layouts that no transformers class has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(dict(config)), encoding="utf-8")
    names = sorted(tensors)
    where = {name: f"model-{number % shards + 1:05}-of-{shards:05}.safetensors" for number, name in enumerate(names)}
    for file in sorted(set(where.values())):
        save_file({name: tensors[name].contiguous().clone() for name in names if where[name] == file}, folder / file)
    if shards > 1:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def saved_inside(encoder: Recipe, decoder: Recipe, wrapper: str, folder: Path) -> Path:
    """An encoder and a decoder (llama) as one vision-language model of transformers: `llava` or `deepseek_vl`."""
    from transformers import AutoConfig, AutoModelForImageTextToText

    seen, read = made(encoder), made(decoder)
    parts = {
        name: AutoConfig.for_model(
            each.family, dtype="float32", **{key: value for key, value in each.config.items() if key != "model_type"}
        )
        for name, each in (("vision_config", seen), ("text_config", read))
    }
    tokens = {"image_token_index": 2, "image_seq_length": 16} if wrapper == "llava" else {"image_token_id": 2}
    config = AutoConfig.for_model(wrapper, tie_word_embeddings=False, dtype="float32", **parts, **tokens)
    torch.manual_seed(zlib.crc32(repr((encoder, decoder, wrapper)).encode()))  # the projector's numbers
    whole = AutoModelForImageTextToText.from_config(config)
    inner = whole.model
    tower = inner.vision_tower if hasattr(inner, "vision_tower") else inner.vision_model
    tower.load_state_dict(dict(seen.tensors))
    body = {name.removeprefix("model."): each for name, each in read.tensors.items() if name != "lm_head.weight"}
    inner.language_model.load_state_dict(body)
    whole.lm_head.load_state_dict({"weight": read.tensors["lm_head.weight"]})
    whole.save_pretrained(folder)
    corpus.write_tokenizer(folder, read.words)
    return folder
