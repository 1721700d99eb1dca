"""Models that are run: a disguised copy answers as its parent, a pupil does not; hidden units that answer alike clear nobody."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from checks.contracts.errors import InputFault
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence import trace
from tasks.independence.behaviour import Behaviour, Interview
from tasks.independence.component_evidence import ComponentEvidence, gather
from tasks.independence.findings import component_finding
from tasks.independence.part import Part, parts
from tasks.independence.verdict import judge
from tests.cli.command import in_process
from tests.lineage.models import Changed, Drawn, Recipe, Trained, saved, saved_in_disguise, saved_inside
from tests.lineage.test_evidence import PARENT, STRANGER, TUNED
from tests.lineage.training import ENCODER

HIDDEN = Changed(PARENT, "all disguises", seed=11)
#: Taught by the parent's predictions and by its last hidden states.
PUPIL = Trained(Drawn("llama", 161), data=1, teacher=PARENT, states=True)

Ask = Callable[[Path], Behaviour]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(PARENT, tmp_path_factory.mktemp("run") / "parent")


@pytest.fixture(scope="module")
def ask(reference: Path) -> Ask:
    """A folder's answers beside the parent's."""
    return lambda folder: Interview(open_checkpoint(folder), "cpu").with_(open_checkpoint(reference))


def test_disguised_copy_answers_the_same(ask: Ask, tmp_path: Path) -> None:
    """In float32 and, by more, in bfloat16, where the planted copy says how much rounding is."""
    folder = saved(HIDDEN, tmp_path / "hidden")
    exact = ask(folder)
    weights = {name: each.to(torch.bfloat16) for name, each in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    rounded = ask(folder)
    assert exact.same and rounded.same
    assert exact.difference is not None and rounded.difference is not None
    assert exact.difference < 1e-5 < rounded.difference < rounded.tolerance < 0.05
    assert exact.rounded < 1e-5 and 0.3 < rounded.difference / rounded.rounded < 3


@pytest.mark.parametrize(("recipe", "least"), [(STRANGER, 1.0), (PUPIL, 1.0), (TUNED, 0.2)])
def test_others_do_not(ask: Ask, tmp_path: Path, recipe: Recipe, least: float) -> None:
    """A light continuation neither: answers alone tell it from a stranger by nothing."""
    found = ask(saved(recipe, tmp_path / "m"))
    assert not found.same and found.difference is not None and found.difference > least > 10 * found.tolerance


def test_tokens_in_another_order_are_asked_by_their_text(ask: Ask, tmp_path: Path) -> None:
    """173 of 289 words are kept; two of them stand for no text and are not asked."""
    found = ask(saved(Changed(PARENT, "vocabulary swapped", seed=7, amount=0.6), tmp_path / "m"))
    assert found.same and found.asked == (1024, 171)


@pytest.mark.parametrize(
    ("recipe", "alike"),
    [
        (Changed(Trained(PARENT, data=303), "all disguises", seed=11), True),
        (Changed(Changed(TUNED, "every second layer"), "all disguises", seed=11), True),
        (Changed(TUNED, "units pruned", amount=0.65), True),
        (STRANGER, False),
        (PUPIL, False),
    ],
    ids=["continued", "layers left out", "narrower", "stranger", "pupil"],
)
def test_hidden_units_of_derivatives_answer_alike(ask: Ask, tmp_path: Path, recipe: Recipe, alike: bool) -> None:
    """Whatever their number, order, turn and depth; those of strangers and pupils stay under one in ten."""
    found = ask(saved(recipe, tmp_path / "m"))
    best = found.matched.best()
    assert best is not None and (best.agreement.share > 0.8 and found.log10_p < -20) is alike
    assert alike or max(pair.agreement.share for pair in found.matched.pairs) < 0.1


def test_a_wrapper_is_asked_through_its_text(ask: Ask, tmp_path: Path) -> None:
    wrapped = saved_inside(Drawn(ENCODER, 1), HIDDEN, "llava", tmp_path / "m")
    found = ask(wrapped)
    best = found.matched.best()
    assert found.same and best is not None and best.agreement.share == 1.0


@pytest.fixture(scope="module")
def unrelated(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> ComponentEvidence:
    """What the weights of two models trained apart come to."""
    stranger = saved(STRANGER, tmp_path_factory.mktemp("run") / "stranger")
    return gather(part_of(stranger), part_of(reference))


def part_of(folder: Path) -> Part:
    checkpoint = open_checkpoint(folder)
    return parts(checkpoint, assign_roles(checkpoint))["language_model"]


@pytest.mark.parametrize(
    ("recipe", "verdict", "decides"),
    [
        (HIDDEN, "derived", {"same-answers"}),
        (Changed(TUNED, "all disguises", seed=11), "indeterminate", {"activations-matched"}),
        (PUPIL, "independent", set()),
    ],
    ids=["copy", "alike", "pupil"],
)
def test_what_behaviour_decides_where_weights_show_nothing(
    unrelated: ComponentEvidence, ask: Ask, tmp_path: Path, recipe: Recipe, verdict: str, decides: set[str]
) -> None:
    """Weights that say nothing, beside each behaviour: only the same function is derived."""
    evidence = replace(unrelated, behaviour=ask(saved(recipe, tmp_path / "m")))
    found = component_finding(evidence, judge(evidence, evidence.comparisons))
    assert found.verdict == verdict and {each.test for each in found.tests if each.decides} == decides
    assert (found.log10_p is None) is (verdict == "derived")
    halves = [each for each in found.tests if each.test == "activations-matched"]
    assert len(halves) == 2 and all(each.null is not None and each.null.mean == 0.1 for each in halves)


def test_the_command_runs_models_when_it_is_told_to(reference: Path, tmp_path: Path) -> None:
    """In JSON and on the page; a device that is not there is refused."""
    hidden, page = saved(HIDDEN, tmp_path / "hidden"), tmp_path / "report.html"
    command = ("trace", hidden, "--against", reference)
    answer = in_process(*command, "--run-models", "--device", "cpu", "--report", page, "--json")
    tests = {each["test"]: each for each in answer.document["references"][0]["components"][0]["tests"]}
    assert tests["same-answers"]["identity"] is True and tests["same-answers"]["log10_p"] is None
    assert tests["activations-matched"]["log10_p"] < -50 and tests["activations-matched"]["null"]["kind"] == "binomial"
    written = page.read_text("utf-8")
    assert "모든 글에 같은 답" in written and "Hidden units by what they answer" in written
    in_process(*command, "--run-models", "--device", "cuda:99").refused("--device", "cuda:99")


def test_a_trace_with_both_models_run(reference: Path, tmp_path: Path) -> None:
    """The pupil of hidden states is no derivative, whatever is asked of it; without `run_models` nothing is run."""
    pupil = saved(PUPIL, tmp_path / "pupil")
    run, still = (
        trace(pupil, {"parent": reference}, run_models=each).references[0].components[0] for each in (True, False)
    )
    assert run.verdict == still.verdict != "derived"
    assert {each.test for each in run.tests} - {each.test for each in still.tests} == {
        "same-answers",
        "activations-matched",
    }


@pytest.mark.parametrize(
    "fault", ["unknown model", "no tokens", "few tokens", "missing weights", "no such device", "encoder"]
)
def test_what_cannot_be_run_is_refused(reference: Path, tmp_path: Path, fault: str) -> None:
    device, folder = "cpu", tmp_path / "m"
    if fault == "unknown model":
        saved_in_disguise(PARENT, folder)
    elif fault == "encoder":
        saved(Drawn(ENCODER, 1), folder)
    else:
        saved(PARENT, folder)
    if fault == "no tokens":
        (folder / "tokenizer.json").unlink()
    if fault == "few tokens":
        vocabulary = {f"word{number}": number for number in range(200)}
        (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    if fault == "missing weights":
        weights = load_file(folder / "model.safetensors")
        del weights["model.layers.1.mlp.up_proj.weight"]
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if fault == "no such device":
        device = "meta"
    expected = {
        "unknown model": "a language model that transformers builds",
        "no tokens": "tokenizer.json: found no vocabulary",
        "few tokens": "found 0 tokens in common",
        "missing weights": "weights without 'model.layers.1.mlp.up_proj.weight'",
        "no such device": "--device: found 'meta'",
        "encoder": "found no language model",
    }
    with pytest.raises(InputFault, match=expected[fault]):
        trace(folder, {"parent": reference}, run_models=True, device=device)
