"""A borrowed table of tokens is found though tokens were added or put in another order, and a stranger's is not."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import save_file as save_torch

from checks.records.lineage import ComponentFinding
from tasks.independence import trace
from tests.independence.drawn_models import TOKENS, Tensors, component, disturbed, drawn, written

Numbers = npt.NDArray[np.int_]
TABLES = ("model.language_model.embed_tokens.weight", "lm_head.weight")


def _model(seed: int) -> Tensors:
    return component(drawn(seed), "language_model") | component(drawn(seed), "lm_head")


def _tables(order: Numbers, added: int, seed: int = 1) -> Tensors:
    """The tables of a model in another order, and rows of another model's behind them."""
    return {name: np.concatenate([_model(seed)[name][order], _model(9)[name][:added]]) for name in TABLES}


def _language(subject: Path, reference: Path) -> ComponentFinding:
    found = trace(subject, {"ref": reference}).references[0]
    return next(each for each in found.components if each.component == "language_model")


def _with_words(folder: Path, order: Numbers, added: int) -> Path:
    words = {f"word{number}": row for row, number in enumerate(order)} | {f"new{n}": TOKENS + n for n in range(added)}
    (folder / "vocab.json").write_text(json.dumps(words))
    return folder


SHUFFLED = np.random.default_rng(3).permutation(TOKENS)


@pytest.mark.parametrize("order", [np.arange(TOKENS), SHUFFLED], ids=["added", "added and shuffled"])
def test_tables_of_another_model_are_found_by_their_tokens(order: Numbers, tmp_path: Path) -> None:
    reference = _with_words(written(tmp_path / "ref", _model(1)), np.arange(TOKENS), 0)
    copied = _with_words(written(tmp_path / "copied", _model(2) | _tables(order, 24)), order, 24)
    found = _language(copied, reference)
    assert (found.verdict, found.relation) == ("derived", "partial")
    tuned = _with_words(written(tmp_path / "tuned", _model(2) | disturbed(_tables(order, 24), 0.9)), order, 24)
    assert _language(tuned, reference).verdict == "indeterminate"  # alike, and one group alone
    stranger = _with_words(written(tmp_path / "stranger", _model(2) | _tables(order, 24, seed=4)), order, 24)
    assert _language(stranger, reference).verdict == "independent"


@pytest.mark.parametrize(
    "vocabulary", [None, '{"word0": 1e400}', '{"word0": ' + "[" * 100_000], ids=["absent", "infinite", "nested"]
)
def test_rows_are_matched_by_number_where_there_is_no_vocabulary(vocabulary: str | None, tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", _model(1))
    copied = written(tmp_path / "copied", _model(2) | _tables(np.arange(TOKENS), 24))
    if vocabulary is not None:
        (copied / "vocab.json").write_text(vocabulary)
    assert _language(copied, reference).verdict == "derived"


def test_a_table_rounded_to_another_format_is_a_copy_all_the_same(tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", _model(1))
    folder = written(tmp_path / "rounded", _model(2) | _tables(np.arange(TOKENS), 24))
    tensors = {name: torch.from_numpy(each) for name, each in (_model(2) | _tables(np.arange(TOKENS), 24)).items()}
    save_torch({name: each.bfloat16().contiguous() for name, each in tensors.items()}, folder / "model.safetensors")
    assert _language(folder, reference).verdict == "derived"
