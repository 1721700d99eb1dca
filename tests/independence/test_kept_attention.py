"""Attention kept and every feed-forward layer drawn anew: the order of values inside the heads shows it, in a turned stream too."""

import json
from pathlib import Path

import pytest

from tasks.independence import trace
from tests.independence.drawn_models import TOKENS, Tensors, component, disguised, disturbed, drawn, written


def _written(folder: Path, tensors: Tensors) -> Path:
    written(folder, tensors)
    text = {"model_type": "llama", "num_attention_heads": 3, "num_key_value_heads": 3}
    (folder / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": text}))
    (folder / "vocab.json").write_text(json.dumps({f"token-{number}": number for number in range(TOKENS)}))
    return folder


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("seed", "verdict"), [(1, "derived"), (2, "independent")])
def test_kept_attention_is_found_beside_new_hidden_units(seed: int, verdict: str, turned: bool, tmp_path: Path) -> None:
    reference = _written(tmp_path / "ref", drawn(1, layers=4))
    kept = disturbed(drawn(seed, layers=4), 0.98) | component(drawn(3, layers=4), "mlp")
    subject = _written(tmp_path / "subject", disguised(kept) if turned else kept)
    language = trace(subject, {"ref": reference}).references[0].components[0]
    assert (language.component, language.verdict) == ("language_model", verdict)
    if turned and seed == 1:
        assert {each.test for each in language.tests if each.decides} == {"values-in-place"}
