"""What the trial on made-up texts finds out about a model, whatever is asked of it first."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import Row
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tasks.benchmark.trial_rows import trial_rows, untold_window
from tests.benchmark.plain_scores import Pairs, by_transformers
from tests.benchmark.tiny_models import save_drawn

SIZES: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512, "pad_token_id": 0,
}  # fmt: skip
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
#: Windows and chunks that a forward with this stage's attention is not told of: short enough to be tried, and too long.
UNTOLD = {
    "a window": ("phimoe", {**EXPERTS, "sliding_window": 20}),
    "a long window": ("phimoe", {**EXPERTS, "sliding_window": 180}),
    "chunks": ("llama4_text", {"attention_chunk_size": 20, "num_local_experts": 2, "intermediate_size_mlp": 64}),
}
#: Models that the tree is for; their windows are told.
TOLD = {
    "llama": ("llama", {}),
    "mistral": ("mistral", {"sliding_window": 20}),
    "mistral, a long window": ("mistral", {"sliding_window": 180}),
    "qwen": ("qwen2", {"use_sliding_window": True, "sliding_window": 20, "max_window_layers": 1}),
    "gemma": ("gemma3_text", {"sliding_window": 20}),
}


def _saved(folder: Path, model: tuple[str, dict[str, Any]]) -> Path:
    return save_drawn(folder, model[0], {**SIZES, **model[1]})


def _engine(folder: Path) -> HarnessModel:
    return HarnessModel(load_model(folder, Placement("cpu", "float32")))


def _pairs(*lengths: int) -> Pairs:
    """Contexts of those lengths that begin alike, one token behind each."""
    ids = Random(2).choices(range(10, 300), k=max(lengths))
    return [([*ids[: length - 1], 10 + at], [20 + at]) for at, length in enumerate(lengths)]


def _scores(model: HarnessModel, pairs: Pairs) -> list[float]:
    return [each[0] for each in model.token_scores(pairs)]


@pytest.mark.parametrize("model", UNTOLD.values(), ids=UNTOLD)
def test_windows_that_attention_is_not_told_of_take_the_full_forward(
    tmp_path: Path, model: tuple[str, dict[str, Any]]
) -> None:
    folder, pairs = _saved(tmp_path, model), _pairs(5, 9, 60, 70, 250, 270)
    engine = _engine(folder)
    assert _scores(engine, pairs) == pytest.approx(by_transformers(folder, pairs), abs=1e-4)
    assert engine.ways["scoring"].startswith("full forward")


def _no_window_untold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tasks.benchmark.own_forward.untold_window", lambda _, __: "")


@pytest.mark.parametrize("name", ["a window", "chunks"])
def test_short_ones_are_found_by_the_trial_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _no_window_untold(monkeypatch)
    engine = _engine(_saved(tmp_path, UNTOLD[name]))
    _scores(engine, _pairs(5, 9))
    assert engine.ways["scoring"].startswith("full forward, as made-up texts computed both ways differ")


def test_a_long_one_is_found_by_the_configuration_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: without it the tree is taken, and wrong beyond the window."""
    _no_window_untold(monkeypatch)
    folder, pairs = _saved(tmp_path, UNTOLD["a long window"]), _pairs(5, 9, 250, 270)
    engine = _engine(folder)
    off = [abs(mine - each) for mine, each in zip(_scores(engine, pairs), by_transformers(folder, pairs), strict=True)]
    assert engine.ways == {"scoring": "prefix tree"}
    assert max(off[:2]) < 1e-4 < 0.01 < max(off[2:])


@pytest.mark.parametrize("model", TOLD.values(), ids=TOLD)
def test_models_whose_windows_are_told_keep_the_tree(tmp_path: Path, model: tuple[str, dict[str, Any]]) -> None:
    folder, pairs = _saved(tmp_path, model), _pairs(5, 9, 60, 70, 250, 270)
    engine = _engine(folder)
    assert _scores(engine, pairs) == pytest.approx(by_transformers(folder, pairs), abs=1e-4)
    assert engine.ways == {"scoring": "prefix tree"}
    assert engine._scorer.tree._last is not None  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def lfm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convolutions between its attention."""
    return _saved(tmp_path_factory.mktemp("lfm"), ("lfm2", {"layer_types": ["conv", "full_attention"]}))


def test_a_model_that_mixes_neighbours_is_found_where_texts_of_one_token_come_first(lfm: Path) -> None:
    for first in (_pairs(1, 1), _pairs(40, 50)):
        engine = _engine(lfm)
        _scores(engine, first)
        assert engine.ways["scoring"].startswith("full forward, as made-up texts computed both ways differ")
        later = _pairs(30, 35)
        assert _scores(engine, later) == pytest.approx(by_transformers(lfm, later), abs=1e-4)


def test_two_items_are_scored_both_ways_too(lfm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: of a trial on texts of one token only what is asked first decides, and may decide wrongly."""
    monkeypatch.setattr("tasks.benchmark.own_forward.trial_rows", lambda _: [Row((10,), ((20,),))])
    engine = _engine(lfm)
    _scores(engine, _pairs(30, 35))
    assert engine.ways["scoring"].startswith("full forward, as two items scored both ways differ")
    misled = _engine(lfm)
    _scores(misled, _pairs(1, 1))
    assert misled.ways == {"scoring": "prefix tree"}
    assert _scores(misled, _pairs(30, 35)) != pytest.approx(by_transformers(lfm, _pairs(30, 35)), abs=1e-3)


#: Answers of one token behind one token: all positions of all texts are asked for.
EVERY_POSITION = [([10], [20]), ([11], [21])]


def test_a_last_layer_that_must_be_whole_is_found_where_every_position_is_asked_for_first(gpt2: Path) -> None:
    engine = _engine(gpt2)
    _scores(engine, EVERY_POSITION)
    pairs = _pairs(30, 35, 150)
    assert _scores(engine, pairs) == pytest.approx(by_transformers(gpt2, pairs), abs=1e-4)
    assert engine.ways == {"scoring": "prefix tree"}


def test_without_positions_that_nobody_asks_for_it_would_not_be(gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _engine(gpt2)
    whole = [Row(row.ids, ((0,) * len(row.ids),)) for row in trial_rows(engine._model.config)]
    monkeypatch.setattr("tasks.benchmark.own_forward.trial_rows", lambda _: whole)
    _scores(engine, EVERY_POSITION)
    with pytest.raises(InputFault, match="invalid"):
        _scores(engine, _pairs(30, 35, 150))


def test_the_rows_branch_and_keep_to_the_models_length_and_to_text(gpt2: Path, llava: Path) -> None:
    config = load_model(gpt2, Placement("cpu", "float32")).model.config
    rows = trial_rows(config)
    assert rows == trial_rows(config)
    assert len({row.ids[0] for row in rows}) == 2 < len({row.ids for row in rows}) == 4
    config.n_positions = 7
    assert max(len(row.ids) for row in trial_rows(config)) == 6
    shown = load_model(llava, Placement("cpu", "float32")).model.config
    assert all(shown.image_token_id not in row.ids for row in trial_rows(shown))


def test_a_window_is_untold_where_a_layer_says_another_than_the_configuration(tmp_path: Path) -> None:
    config = load_model(_saved(tmp_path, TOLD["qwen"]), Placement("cpu", "float32")).model.config
    assert untold_window(config, {0: None, 1: 20}) == ""
    assert "layer 1" in untold_window(config, {0: None, 1: None})
    assert "layer 0" in untold_window(config, {0: 20, 1: 20})
