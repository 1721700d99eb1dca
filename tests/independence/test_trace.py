"""What a trace says of each component, with a clear twin beside each conviction."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from checks.contracts.errors import InputFault
from checks.records.lineage import ComponentFinding, Trace
from tasks.independence import trace
from tasks.independence.architecture import Design, compare_designs
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written


def of(found: Trace, kind: str, reference: str = "ref") -> ComponentFinding:
    one = next(each for each in found.references if each.reference == reference)
    return next(each for each in one.components if each.component == kind)


def verdicts(found: Trace) -> dict[str, str]:
    return {each.component: each.verdict for each in found.references[0].components}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("models") / "ref", drawn(1))


CLEAR = {"language_model": "independent", "projector": "independent", "vision_tower": "independent"}


def renamed(tensors: Tensors) -> Tensors:
    words = {"vision_tower.encoder": "visual.encoder", "vision_tower.": "visual.", "multi_modal_projector": "aligner"}
    found = tensors
    for old, new in words.items():
        found = {name.replace(old, new): each for name, each in found.items()}
    return found


def test_models_drawn_apart_are_cleared_by_tests_that_find_a_planted_derivative(
    reference: Path, tmp_path: Path
) -> None:
    found = trace(written(tmp_path / "m", drawn(2)), {"ref": reference})
    assert found.verdict == "independent" and verdicts(found) == CLEAR
    for each in found.references[0].components:
        planted = [test for test in each.tests if test.test == "planted-derivative"]
        assert min(test.log10_p or 0.0 for test in planted) < -3
        assert each.log10_p is not None and each.log10_p > -2


@pytest.mark.parametrize("r", [1.0, 0.99, 0.9, 0.5])
def test_a_borrowed_tower_is_named_and_the_rest_is_cleared(reference: Path, tmp_path: Path, r: float) -> None:
    borrowed = disturbed(component(drawn(1), "vision_tower"), r) if r < 1 else component(drawn(1), "vision_tower")
    found = trace(written(tmp_path / "m", renamed(drawn(3) | borrowed)), {"ref": reference})
    assert verdicts(found) == CLEAR | {"vision_tower": "derived"}
    tower = of(found, "vision_tower")
    assert tower.relation == ("copied" if r == 1 else "fine-tuned")
    assert [(match.subject_layer, match.reference_layer) for match in tower.layers] == [(0, 0), (1, 1)]
    identity = next(test for test in tower.tests if test.test == "exact-copy")
    assert identity.identity is (r == 1.0)
    assert (tower.p_value is None) is (r == 1.0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_copy_stored_in_another_format_is_a_copy(reference: Path, tmp_path: Path, dtype: str) -> None:
    import torch

    folder = written(tmp_path / "m", drawn(1))
    tensors = {name: each.to(getattr(torch, dtype)) for name, each in load_torch(folder / "model.safetensors").items()}
    save_torch(tensors, folder / "model.safetensors")
    found = trace(folder, {"ref": reference})
    assert {each.relation for each in found.references[0].components} == {"copied"}
    again = trace(reference, {"ref": folder})
    assert {each.relation for each in again.references[0].components} == {"copied"}


def test_a_derivative_quantised_to_four_bits_is_found_and_a_stranger_so_stored_is_cleared(
    reference: Path, tmp_path: Path
) -> None:
    verdicts_of = {}
    for name, tensors in {"derivative": disturbed(drawn(1), 0.99), "stranger": drawn(2)}.items():
        verdicts_of[name] = verdicts(trace(written(tmp_path / name, in_four_bits(tensors)), {"ref": reference}))
    assert set(verdicts_of["derivative"].values()) == {"derived"}
    assert verdicts_of["stranger"] == CLEAR


def in_four_bits(tensors: Tensors) -> Tensors:
    """Matrices of the layers as compressed-tensors packs them: 8 codes a word, one scale a row."""
    packed: dict[str, Any] = {}
    for name, each in tensors.items():
        if each.ndim != 2 or ".layers." not in name:
            packed[name] = each
            continue
        scales = np.abs(each).max(axis=1, keepdims=True) / 7
        codes = (np.round(each / scales) + 8).astype(np.uint32).reshape(len(each), -1, 8)
        words = (codes << np.arange(0, 32, 4, dtype=np.uint32)).sum(axis=2, dtype=np.uint32)
        packed |= {f"{name}_packed": words.view(np.int32), f"{name}_scale": scales}
    return packed


def test_one_kept_layer_of_six_is_named(tmp_path: Path) -> None:
    parent, child = drawn(1, layers=6), drawn(2, layers=6)
    kept = disturbed({name: each for name, each in parent.items() if "layers.4." in name}, 0.95)
    found = trace(written(tmp_path / "m", child | kept), {"ref": written(tmp_path / "r", parent)})
    language = of(found, "language_model")
    assert (language.verdict, language.relation) == ("derived", "partial")
    assert [(match.subject_layer, match.reference_layer) for match in language.layers] == [(4, 4)]


def test_reordered_renumbered_and_turned_layers_are_found_and_mapped(reference: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.standard_normal((48, 48)))
    child = drawn(4)
    for mine, theirs in ((0, 1), (1, 0)):
        order = rng.permutation(80)
        layer, other = f"model.language_model.layers.{mine}.", f"model.language_model.layers.{theirs}."
        parent = drawn(1)
        gain = parent[f"{other}post_attention_layernorm.weight"]
        for each in ("gate", "up"):
            folded = parent[f"{other}mlp.{each}_proj.weight"] * gain
            child[f"{layer}mlp.{each}_proj.weight"] = (folded[order] @ turn).astype(np.float32)
        child[f"{layer}mlp.down_proj.weight"] = (turn.T @ parent[f"{other}mlp.down_proj.weight"][:, order]).astype("f4")
        child[f"{layer}post_attention_layernorm.weight"] = np.ones(48, np.float32)
    found = trace(written(tmp_path / "m", child), {"ref": reference})
    language = of(found, "language_model")
    assert (language.verdict, language.relation) == ("derived", "transformed")
    assert {(match.subject_layer, match.reference_layer) for match in language.layers} == {(0, 1), (1, 0)}


def test_norm_gains_alone_convict_nobody_and_the_report_says_why(reference: Path, tmp_path: Path) -> None:
    gains = {name: each for name, each in drawn(1).items() if each.ndim == 1}
    found = trace(written(tmp_path / "m", drawn(2) | gains), {"ref": reference})
    language = of(found, "language_model")
    assert language.verdict == "independent"
    test = next(each for each in language.tests if each.test == "norm-gain-cosine")
    assert test.statistic == pytest.approx(1.0) and test.p_value is None
    assert "means nothing" in language.explanation.en and "의미가 없습니다" in language.explanation.ko


def test_constants_and_position_tables_prove_nothing(tmp_path: Path) -> None:
    table = np.sin(np.arange(64)[:, None] / 10 ** (np.arange(32) / 8)).astype(np.float32)
    common = {
        "model.vision_tower.embeddings.position_embedding.weight": table,
        "model.language_model.rotary_emb.inv_freq": (10 ** -np.linspace(0, 4, 128)).astype(np.float32),
        "model.language_model.layers.0.self_attn.attention_mask_constant": np.ones((64, 64), np.float32),
    }
    subject, other = written(tmp_path / "m", drawn(2) | common), written(tmp_path / "r", drawn(1) | common)
    found = trace(subject, {"ref": other})
    assert found.verdict == "independent"
    assert all(not test.identity for each in found.references[0].components for test in each.tests)
    unused = {row.tensor: row.reason for row in found.coverage if not row.used}
    assert unused.keys() >= common.keys() and all(unused.values())


def test_a_component_that_no_test_covers_is_not_cleared(reference: Path, tmp_path: Path) -> None:
    strange = {
        f"model.language_model.mystery.{n}": each for n, each in enumerate(component(drawn(5), "layers").values())
    }
    rest = {name: each for name, each in drawn(5).items() if "language_model" not in name and "lm_head" not in name}
    found = trace(written(tmp_path / "m", rest | strange), {"ref": reference})
    language = of(found, "language_model")
    assert language.verdict == "indeterminate" and "not cleared" in language.explanation.en


def test_what_the_reference_lacks_is_not_applicable_and_nothing_in_common_is_indeterminate(tmp_path: Path) -> None:
    text = {name: each for name, each in drawn(1).items() if "vision" not in name and "projector" not in name}
    tower = component(drawn(2), "vision_tower")
    found = trace(written(tmp_path / "m", drawn(2)), {"ref": written(tmp_path / "r", text)})
    assert verdicts(found)["vision_tower"] == "not_applicable"
    found = trace(written(tmp_path / "t", tower), {"ref": tmp_path / "r"})
    assert found.verdict == found.references[0].verdict == "indeterminate"


def test_a_second_reference_does_not_hide_the_first(reference: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "o", drawn(7))
    found = trace(written(tmp_path / "m", disturbed(drawn(1), 0.9)), {"other": other, "ref": reference})
    assert [each.verdict for each in found.references] == ["independent", "derived"]
    assert found.verdict == "derived"


def test_a_merge_of_two_is_called_one(reference: Path, tmp_path: Path) -> None:
    other = drawn(7)
    merged = {name: (each + other[name]) / 2 for name, each in drawn(1).items()}
    references = {"ref": reference, "other": written(tmp_path / "o", other)}
    found = trace(written(tmp_path / "m", merged), references)
    for name in references:
        assert (of(found, "language_model", name).verdict, of(found, "language_model", name).relation) == (
            "derived",
            "merged",
        )


def test_the_chain_from_step_zero(reference: Path, tmp_path: Path) -> None:
    start = drawn(8)
    middle, final = disturbed(start, 0.95, 1), disturbed(disturbed(start, 0.95, 1), 0.95, 2)
    steps = [(0, written(tmp_path / "0", start)), (9, written(tmp_path / "9", middle))]
    found = trace(written(tmp_path / "m", final), {"ref": reference}, checkpoints=steps)
    assert {link.component: link.result for link in found.chain} == dict.fromkeys(CLEAR, "supported")
    other = [(0, written(tmp_path / "else", drawn(9))), steps[1]]
    found = trace(tmp_path / "m", {"ref": reference}, checkpoints=other)
    assert {link.result for link in found.chain} == {"contradicted"}
    found = trace(tmp_path / "m", {"ref": reference}, checkpoints=steps[1:])
    assert {link.result for link in found.chain} == {"missing"}


def test_the_same_start_trained_apart_is_for_the_panel(tmp_path: Path) -> None:
    start = drawn(8)
    one, two = written(tmp_path / "1", disturbed(start, 0.9, 1)), written(tmp_path / "2", disturbed(start, 0.9, 2))
    zero = written(tmp_path / "0", start)
    found = trace(two, {"ref": one}, checkpoints=[(0, zero)])
    assert found.verdict == "indeterminate"
    assert {each.relation for each in found.references[0].components} == {"shared-initialisation"}
    child = written(tmp_path / "3", disturbed(disturbed(start, 0.9, 1), 0.97, 3))
    found = trace(child, {"ref": one}, checkpoints=[(0, zero)])
    assert found.verdict == "derived"


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(reference: Path, tmp_path: Path, number: float) -> None:
    tensors = drawn(2)
    tensors["model.language_model.layers.0.post_attention_layernorm.weight"][3] = number
    broken = written(tmp_path / "m", tensors)
    for pair in ((broken, reference), (reference, broken)):
        with pytest.raises(InputFault, match="NaN or infinite"):
            trace(pair[0], {"ref": pair[1]})
    with pytest.raises(InputFault, match="no reference"):
        trace(reference, {})


def test_architecture_in_common_is_noted_and_no_derivation(reference: Path, tmp_path: Path) -> None:
    found = trace(written(tmp_path / "m", drawn(2)), {"ref": reference}).references[0].architecture
    assert found.same_family and "text_config.model_type=llama" in found.shared_settings
    other = written(tmp_path / "o", drawn(3))
    (other / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    assert not trace(other, {"ref": reference}).references[0].architecture.same_family


def test_a_trace_is_the_same_again(reference: Path, tmp_path: Path) -> None:
    subject = written(tmp_path / "m", disturbed(drawn(1), 0.3))
    first, second = (trace(subject, {"ref": reference}).model_dump(exclude={"seconds"}) for _ in range(2))
    assert first == second


def test_a_second_tower_of_its_own_does_not_hide_a_borrowed_one(reference: Path, tmp_path: Path) -> None:
    own = component(drawn(4), "vision_tower")
    for name, borrowed, verdict in (
        ("stranger", component(drawn(3), "vision_tower"), "independent"),
        ("borrower", disturbed(component(drawn(1), "vision_tower"), 0.95), "derived"),
    ):
        beside = {each.replace("vision_tower.", "vision_tower.high."): values for each, values in borrowed.items()}
        beside |= {each.replace("vision_tower.", "vision_tower.low."): values for each, values in own.items()}
        language = {each: values for each, values in drawn(3).items() if "vision_tower" not in each}
        found = trace(written(tmp_path / name, language | beside), {"ref": reference})
        assert of(found, "vision_tower").verdict == verdict


def test_a_setting_that_newer_files_keep_elsewhere_is_the_same_setting() -> None:
    older, newer = {"rope_theta": 1e6}, {"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}
    for mine, theirs in ((older, newer), (newer, older), (newer, newer)):
        found = compare_designs(Design(mine, frozenset()), Design(theirs, frozenset()))
        assert found.shared_settings == ["rope_theta=1000000.0"]
    other = {"rope_parameters": {"rope_theta": 1e4}}
    assert compare_designs(Design(older, frozenset()), Design(other, frozenset())).shared_settings == []
