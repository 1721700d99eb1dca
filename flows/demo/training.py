"""Trains one demo model on the CPU, from fixed seeds, and writes it with the evidence of its training.

`train(RECIPES[1], seed=2026, folder=…/t1, reference=None)` writes `model/` and `evidence/`: weights at step 0, at a few
early steps on a log scale and at the middle, the hash-chained log, the corpus inventory and a sample.
"""

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.demo import architectures
from flows.demo.corpus import Corpus, Document, pixels
from flows.demo.evidence import CorpusRecord, TrainingLog, write_hashes, write_held_out
from flows.demo.teams import Recipe, derived_seed

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ROWS = 5
ROW_LENGTH = 128
BATCH_TOKENS = ROWS * ROW_LENGTH
#: With these decay rates an Adam step is at most 1.17 learning rates (Cauchy-Schwarz), decay included below 1.5.
BETAS = (0.9, 0.95)
WEIGHT_DECAY = 0.1
PEAK_LEARNING_RATE = 3e-3
#: The borrowed tower learns this much slower, so that it stays recognisable: correlation about 0.99.
BORROWED_RATE_SHARE = 0.2
WARM_UP_STEPS = 30
LAST_RATE_SHARE = 0.05
LARGEST_GRADIENT = 1.0
#: Held-out texts, whose loss is logged at every checkpoint.
HELD_OUT_DOCUMENTS = 120
#: The small run's steps: the plateau of single tokens is passed within the warm-up.
SMALL_STEPS = 30

StepDone = Callable[[int, int], None]


@dataclass(frozen=True)
class Budget:
    """How much of the full training is done: 1 is the demo's, tests take a small share."""

    share: float = 1.0

    def steps(self, recipe: Recipe) -> int:
        """Optimiser steps for this recipe, at least two."""
        return max(2, round(recipe.steps * self.share))


def checkpoint_steps(steps: int) -> list[int]:
    """Steps whose weights are handed in: 0, then 1, 4, 16, … up to the middle, and the middle.

    >>> checkpoint_steps(700)
    [0, 1, 4, 16, 64, 256, 350]
    """
    middle = steps // 2
    early = {0, middle}
    step = 1
    while step < middle:
        early.add(step)
        step *= 4
    return sorted(early)


def train(
    recipe: Recipe,
    seed: int,
    folder: Path,
    reference: Path | None = None,
    budget: Budget = Budget(),
    on_step: StepDone | None = None,
) -> None:
    """Trains `recipe` and writes `folder/model` and `folder/evidence`, in a folder beside it that is renamed at the end.

    Of a model that nobody hands in, `folder` holds the weights alone. `reference` is the folder of the reference's
    weights, needed where the recipe borrows its vision tower.
    """
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    evidence = unfinished / "evidence"
    evidence.mkdir(parents=True)
    model = _step_zero(recipe, seed, reference)
    steps = budget.steps(recipe)
    corpus = Corpus(derived_seed(seed, recipe.id, "corpus"), ROW_LENGTH)
    wanted = checkpoint_steps(steps)
    record = CorpusRecord(corpus, derived_seed(seed, recipe.id, "sample"), [*wanted, steps])
    held_out = Corpus(derived_seed(seed, recipe.id, "held out"), ROW_LENGTH).held_out(HELD_OUT_DOCUMENTS)
    log = TrainingLog(evidence / "train.jsonl")
    for step, values in _steps(model, recipe, corpus, steps):
        record.step = step + 1
        if values is not None:
            seen = {"validation_loss": mean_loss(model, held_out)} if step in wanted or step == steps else {}
            log.add(step, step * BATCH_TOKENS, *values, **seen)
            if on_step is not None:
                on_step(step, steps)
        if step in wanted:
            model.save_pretrained(evidence / f"step-{step}")
    log.close()
    log.anchor(evidence / "anchors.csv")
    record.write_inventory(evidence / "corpus.csv")
    record.write_sample(evidence / "sample.jsonl.zst")
    record.write_segments(evidence / "segments.jsonl")
    write_held_out(evidence / "validation.jsonl", held_out)
    model.save_pretrained(unfinished / "model")
    architectures.save_processor(recipe.architecture, unfinished / "model")
    if recipe.hands_in:
        _train_small(recipe, seed, evidence / "small-run.jsonl", min(steps, SMALL_STEPS))
        write_hashes(evidence / "SHA256SUMS", unfinished)
    (unfinished if recipe.hands_in else unfinished / "model").rename(folder)
    shutil.rmtree(unfinished, ignore_errors=True)


def _train_small(recipe: Recipe, seed: int, path: Path, steps: int) -> None:
    """The team's own small run from scratch: one layer, other text, for as long as it takes to learn how often tokens are."""
    small = replace(recipe, architecture=replace(recipe.architecture, layers=1), borrows_vision=False)
    model = architectures.build(small.architecture)
    architectures.initialise(model, derived_seed(seed, recipe.id, "small weights"))
    log = TrainingLog(path)
    for step, values in _steps(model, small, Corpus(derived_seed(seed, recipe.id, "small"), ROW_LENGTH), steps):
        if values is not None:
            log.add(step, step * BATCH_TOKENS, *values)
    log.close()


def mean_loss(model: "PreTrainedModel", documents: list[Document]) -> float:
    """Mean loss in nats over all tokens but the first of each document, every one of which weighs the same."""
    import torch

    most = max(len(document.ids) for document in documents)
    ids = torch.tensor([document.ids[:-1] + [0] * (most - len(document.ids) + 1) for document in documents])
    lengths = torch.tensor([len(document.ids) - 1 for document in documents])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[:, :-1]
    there = torch.arange(1, most)[None, :] < lengths[:, None]
    return float(torch.nn.functional.cross_entropy(logits[there], ids[:, 1:][there]))


def _step_zero(recipe: Recipe, seed: int, reference: Path | None) -> "PreTrainedModel":
    from transformers import AutoModelForImageTextToText

    model = architectures.build(recipe.architecture)
    architectures.initialise(model, derived_seed(seed, recipe.id, "weights"))
    if recipe.borrows_vision:
        if reference is None:
            raise ValueError(f"{recipe.id} borrows the reference's vision tower: its folder is needed")
        lender = AutoModelForImageTextToText.from_pretrained(reference)
        architectures.vision_tower(model).load_state_dict(architectures.vision_tower(lender).state_dict())
    return model


def learning_rate(step: int, steps: int) -> float:
    """The rate of step 1 … `steps`: linear warm-up, then a cosine down to LAST_RATE_SHARE of the peak."""
    fall = LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * 0.5 * (1 + math.cos(math.pi * step / steps))
    return PEAK_LEARNING_RATE * min(1.0, step / WARM_UP_STEPS) * fall


def _steps(
    model: "PreTrainedModel", recipe: Recipe, corpus: Corpus, steps: int
) -> Iterator[tuple[int, tuple[float, float, float] | None]]:
    """Step 0 without values, then each step's loss, learning rate and gradient norm after it was taken."""
    import torch

    yield 0, None
    optimiser = _optimiser(model, recipe)
    model.train()
    for step in range(1, steps + 1):
        rate = learning_rate(step, steps)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        loss = _loss(model, corpus)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        optimiser.zero_grad()
        yield step, (loss.item(), rate, norm.item())


def _optimiser(model: "PreTrainedModel", recipe: Recipe) -> "torch.optim.AdamW":
    import torch

    borrowed = set(architectures.vision_tower(model).parameters()) if recipe.borrows_vision else set()
    groups: list[dict[str, Any]] = []
    for share, slow in ((1.0, False), (BORROWED_RATE_SHARE, True)):
        for decay, matrices in ((WEIGHT_DECAY, True), (0.0, False)):
            members = [p for p in model.parameters() if (p in borrowed) == slow and (p.ndim >= 2) == matrices]
            if members:
                groups.append({"params": members, "weight_decay": decay, "share": share})
    return torch.optim.AdamW(groups, lr=PEAK_LEARNING_RATE, betas=BETAS, fused=True)


def _loss(model: "PreTrainedModel", corpus: Corpus) -> "torch.Tensor":
    """Mean loss in nats over the answers of one batch, as the corpus weighs their tokens."""
    import torch

    rows = [corpus.next_row() for _ in range(ROWS)]
    ids = torch.tensor([row.ids for row in rows])
    weights = torch.tensor([row.weights for row in rows])[:, 1:]
    logits = model(
        input_ids=ids,
        position_ids=torch.tensor([row.positions for row in rows]),
        pixel_values=torch.from_numpy(pixels([row.picture for row in rows if row.picture is not None])),
    ).logits[:, :-1]
    asked = weights > 0
    losses = torch.nn.functional.cross_entropy(logits[asked], ids[:, 1:][asked], reduction="none")
    return (losses * weights[asked]).sum() / weights.sum()
