"""Trained models and their evidence agree with each other, to the byte where bytes are promised."""

import csv
import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from flows.demo import teams
from flows.demo.architectures import INITIAL_STD
from flows.demo.shapes import IMAGE_MARK
from flows.demo.tokenizer import VOCABULARY_SIZE
from flows.demo.training import Budget, train

TEAM_IDS = [team.id for team in teams.TEAMS]
Weights = dict[str, np.ndarray]


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "evidence/train.jsonl").read_text().splitlines()]


def chain_of(folder: Path) -> list[tuple[int, Weights]]:
    """Step and weights of every checkpoint handed in, the submission last."""
    submission = yaml.safe_load((folder / "submission.yaml").read_text())
    chain = [
        (checkpoint["step"], load_file(folder / checkpoint["source"] / "model.safetensors"))
        for checkpoint in submission["evidence"]["checkpoints"]
    ]
    return [*chain, (log_of(folder)[-1]["step"], load_file(folder / "model/model.safetensors"))]


@pytest.mark.parametrize("team", TEAM_IDS)
def test_log_is_complete_and_chained(small_demo: Path, team: str) -> None:
    folder = small_demo / "submissions" / team
    declared = yaml.safe_load((folder / "submission.yaml").read_text())["evidence"]["training"]
    link = "0" * 64
    for number, line in enumerate((folder / "evidence/train.jsonl").read_bytes().splitlines(), start=1):
        row = json.loads(line)
        assert row["step"] == number
        assert row["tokens"] == number * declared["batch_tokens"]
        assert row["prev_sha256"] == link
        link = hashlib.sha256(line).hexdigest()


@pytest.mark.parametrize("team", TEAM_IDS)
def test_inventory_adds_up_to_the_log(small_demo: Path, team: str) -> None:
    folder = small_demo / "submissions" / team
    with (folder / "evidence/corpus.csv").open(encoding="utf-8") as file:
        tokens = sum(int(row["tokens"]) * int(row["epochs"]) for row in csv.DictReader(file))
    assert tokens == log_of(folder)[-1]["tokens"]


@pytest.mark.parametrize("team", TEAM_IDS)
def test_first_loss_is_that_of_an_untrained_model(small_demo: Path, team: str) -> None:
    assert abs(log_of(small_demo / "submissions" / team)[0]["loss"] - math.log(VOCABULARY_SIZE)) < 0.5


@pytest.mark.parametrize("team", TEAM_IDS)
def test_step_zero_follows_the_declared_law(small_demo: Path, team: str) -> None:
    from scipy.stats import kstest

    step, weights = chain_of(small_demo / "submissions" / team)[0]
    assert step == 0
    for name, values in weights.items():
        if team == "t2" and "vision" in name:
            continue
        if values.ndim >= 2:
            assert kstest(values.ravel(), "norm", args=(0, INITIAL_STD)).pvalue > 1e-6, name
        else:
            assert (values == (0 if name.endswith("bias") else 1)).all(), name


@pytest.mark.parametrize("team", TEAM_IDS)
def test_weights_move_no_further_than_adam_can(small_demo: Path, team: str) -> None:
    folder = small_demo / "submissions" / team
    rates = [0.0, *(row["learning_rate"] for row in log_of(folder))]
    chain = chain_of(folder)
    for (start, before), (stop, after) in pairwise(chain):
        moved = max(float(np.abs(after[name] - before[name]).max()) for name in before)
        assert 0 < moved <= 1.5 * sum(rates[start + 1 : stop + 1])


def test_a_foreign_checkpoint_would_be_too_far_away(small_demo: Path) -> None:
    rates = sum(row["learning_rate"] for row in log_of(small_demo / "submissions/t3"))
    mine = chain_of(small_demo / "submissions/t3")[0][1]
    foreign = load_file(small_demo / "models/globe-vl/model.safetensors")
    assert max(float(np.abs(foreign[name] - mine[name]).max()) for name in mine) > 1.5 * rates


def test_sample_holds_documents_that_were_read(small_demo: Path) -> None:
    import zstandard

    from flows.demo.corpus import Corpus, Document
    from flows.demo.training import ROW_LENGTH, ROWS

    folder = small_demo / "submissions/t1/evidence"
    with zstandard.open(folder / "sample.jsonl.zst", "rt", encoding="utf-8") as file:
        sample = [json.loads(line) for line in file]
    read: list[Document] = []
    corpus = Corpus(teams.derived_seed(11, "t1", "corpus"), ROW_LENGTH, on_document=read.append)
    for _ in range(len(log_of(small_demo / "submissions/t1")) * ROWS):
        corpus.next_row()
    texts = {(document.source, document.text) for document in read}
    assert len(sample) > 10
    assert all((row["source"], row["text"]) in texts for row in sample)


def test_b_has_the_references_tower_renamed_and_a_little_trained(small_demo: Path) -> None:
    lender = load_file(small_demo / "models/globe-vl/model.safetensors")
    borrower = load_file(small_demo / "submissions/t2/model/model.safetensors")
    start = load_file(small_demo / "submissions/t2/evidence/step-0/model.safetensors")
    assert not set(lender) & set(borrower) - {"lm_head.weight"}
    towers = [name for name in lender if "vision_tower" in name]
    assert towers
    for name in towers:
        tail = name.split("vision_tower.")[-1].removeprefix("vision_model.")
        (twin,) = [other for other in borrower if "vision_model" in other and other.endswith("." + tail)]
        np.testing.assert_array_equal(lender[name], start[twin])
        assert not np.array_equal(lender[name], borrower[twin])
        if lender[name].ndim >= 2:
            assert 0.97 < np.corrcoef(lender[name].ravel(), borrower[twin].ravel())[0, 1] < 1


def test_c_shares_the_references_settings_and_no_weights(small_demo: Path) -> None:
    reference, own = small_demo / "models/globe-vl", small_demo / "submissions/t3/model"
    assert (reference / "config.json").read_text() == (own / "config.json").read_text()
    lender, weights = load_file(reference / "model.safetensors"), load_file(own / "model.safetensors")
    for name, values in weights.items():
        if values.ndim >= 2:
            assert abs(np.corrcoef(values.ravel(), lender[name].ravel())[0, 1]) < 0.25, name


def test_training_again_from_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    few = Budget(0.01)
    recipe = teams.GLOBE_VL
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        train(recipe, seed, tmp_path / name, budget=few)
    torch.set_num_threads(threads)
    first, again, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "again", "other"))
    assert first == again
    assert first != other


@pytest.mark.parametrize("place", ["models/globe-vl", *(f"submissions/{team}/model" for team in TEAM_IDS)])
def test_models_open_offline_and_answer(small_demo: Path, place: str) -> None:
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from flows.demo.corpus import pixels
    from flows.demo.shapes import Picture, paint

    model = AutoModelForImageTextToText.from_pretrained(small_demo / place).eval()
    processor = AutoProcessor.from_pretrained(small_demo / place)
    picture = Picture("원", "빨강", (0,), ((8, 8),))
    seen = processor(text=f"{IMAGE_MARK}색:", images=[paint(picture)], return_tensors="pt")
    np.testing.assert_allclose(seen.pixel_values.numpy(), pixels([picture]), atol=1e-6)
    assert isinstance(paint(picture), Image.Image)
    assert model(**seen).logits.shape[-1] == VOCABULARY_SIZE
    read = processor(text="합 378+5=", return_tensors="pt")
    assert model(**read).logits.isfinite().all()
    assert model.generate(**seen, max_new_tokens=3, do_sample=False).shape[1] <= seen.input_ids.shape[1] + 3
