"""Each kind of evidence on really trained models: a derivative that it must find, and a twin that it must clear."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.records.lineage import ComponentFinding
from tasks.independence import trace
from tasks.independence.report.page import effects_of
from tests.lineage.models import Changed, Drawn, Recipe, Trained, saved, saved_in_disguise, saved_inside
from tests.lineage.population import encoder_derivatives, parent
from tests.lineage.training import BUDGET, ENCODER

PARENT = parent("llama", 1)
#: The parent's rows in the parent's order from other initial weights: as alike as two models can be that share no weight.
STRANGER = Trained(Drawn("llama", 101), data=1)
TUNED = Trained(PARENT, data=301, steps=BUDGET // 3, rate=1e-3)
EVERY = [(0, 0), (1, 1), (2, 2), (3, 3)]

Compare = Callable[..., ComponentFinding]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """The finding on the language model of one recipe against another."""

    def finding(subject: Recipe, reference: Recipe = PARENT, write: Callable[..., Path] = saved) -> ComponentFinding:
        ours, theirs = write(subject, tmp_path / "subject"), saved(reference, tmp_path / "reference")
        component = trace(ours, {"parent": theirs}).references[0].components[0]
        assert component.component == "language_model"
        return component

    return finding


def layers(found: ComponentFinding) -> list[tuple[int, int]]:
    return [(each.subject_layer, each.reference_layer) for each in found.layers]


def test_stranger_is_cleared(compare: Compare) -> None:
    found = compare(STRANGER)
    assert (found.verdict, found.layers) == ("independent", [])


def test_copy_under_other_names_and_formats(compare: Compare) -> None:
    found = compare(PARENT, write=saved_in_disguise)
    assert (found.verdict, found.relation, layers(found)) == ("derived", "copied", EVERY)


def test_copy_of_renumbered_units(compare: Compare) -> None:
    """Most tensors are no copies any more, and every layer is still named."""
    found = compare(Changed(PARENT, "units renumbered", seed=11))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "transformed", EVERY)


def test_fine_tuned(compare: Compare) -> None:
    found = compare(TUNED)
    assert (found.verdict, found.relation, layers(found)) == ("derived", "fine-tuned", EVERY)


@pytest.mark.parametrize("disguise", ["all disguises", "all, new embeddings"])
def test_disguised(compare: Compare, disguise: str) -> None:
    found = compare(Changed(TUNED, disguise, seed=11))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "transformed", EVERY)


@pytest.mark.parametrize("disguise", ["stream rotated", "all, new embeddings"])
def test_disguised_stranger_is_cleared(compare: Compare, disguise: str) -> None:
    assert compare(Changed(STRANGER, disguise, seed=11)).verdict == "independent"


def test_continued_as_long_as_the_parent_and_rotated(compare: Compare) -> None:
    """Shared tokens say how the stream was turned."""
    found = compare(Changed(Trained(PARENT, data=303), "stream rotated", seed=11))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "transformed", EVERY)


def test_continued_three_times_as_long_with_every_disguise_and_new_embeddings(compare: Compare) -> None:
    """No token is left in common: what units are to each other, and to the stream's forms in all layers together, finds it."""
    longer = Trained(PARENT, data=304, steps=3 * BUDGET)
    found = compare(Changed(longer, "all, new embeddings", seed=11))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "transformed", EVERY)
    assert "aligned-by-layers" in {each.test for each in found.tests if (each.log10_p or 0) < -9}


def test_half_merged_with_every_disguise_and_new_embeddings(compare: Compare) -> None:
    merged = Changed(PARENT, "merged", amount=0.5, other=STRANGER)
    found = compare(Changed(merged, "all, new embeddings", seed=11))
    assert (found.verdict, layers(found)) == ("derived", EVERY)


@pytest.mark.parametrize(
    ("share", "disguise", "found_by"),
    [(0.1, "units renumbered", "values-in-place"), (0.2, "stream rotated", "units-in-place")],
)
def test_small_share_merged_is_found_by_the_order_that_was_left(
    compare: Compare, share: float, disguise: str, found_by: str
) -> None:
    """No unit can be told from chance alone; all together can."""
    merged = Changed(PARENT, "merged", amount=share, other=STRANGER)
    found = compare(Changed(merged, disguise, seed=11))
    assert (found.verdict, found.relation) == ("derived", "transformed")
    assert {each.test for each in found.tests if each.decides} == {found_by}
    orders = [each for each in found.tests if each.test == found_by]
    assert len(orders) == 2 and all((each.log10_p or 0.0) < -5 for each in orders)


def beside_both_parents(folder: Path) -> dict[str, Path]:
    """Both parents of a merge, and a third model of the same rows."""
    recipes = {"larger": STRANGER, "smaller": PARENT, "third": Trained(Drawn("llama", 122), data=1)}
    return {name: saved(recipe, folder / name) for name, recipe in recipes.items()}


def merged_of_two(subject: Path, paths: dict[str, Path]) -> ComponentFinding:
    """Both parents are found to be merged, and the third is cleared; what was found of the smaller."""
    found = {each.reference: each.components[0] for each in trace(subject, paths).references}
    assert {name: (each.verdict, each.relation) for name, each in found.items()} == {
        "larger": ("derived", "merged"),
        "smaller": ("derived", "merged"),
        "third": ("independent", None),
    }
    return found["smaller"]


def test_twentieth_merged_under_every_disguise_is_found_once_the_larger_parent_is_taken_out(tmp_path: Path) -> None:
    """By the smaller parent alone it is not found; a third model of the same rows is cleared beside both, and what holds the
    larger parent alone is no merge."""
    merged = Changed(PARENT, "merged", amount=0.05, other=STRANGER)
    paths = beside_both_parents(tmp_path)
    subject = saved(Changed(merged, "all, new embeddings", seed=11), tmp_path / "subject")
    smaller = merged_of_two(subject, paths)
    assert any("what is left in order 0.9" in each.en for each in effects_of(smaller))
    assert layers(smaller) == EVERY and {each.test for each in smaller.layers} == {"remainder-in-place"}
    assert {each.group for each in smaller.tests if each.decides} == {"feed-forward, reading", "feed-forward, writing"}
    assert "larger" in smaller.explanation.en and "larger" in smaller.explanation.ko
    assert trace(subject, {"smaller": paths["smaller"]}).verdict == "independent"
    tuned = Trained(STRANGER, data=301, steps=BUDGET // 3, rate=1e-3)
    single = trace(saved(Changed(tuned, "all, new embeddings", seed=11), tmp_path / "single"), paths)
    assert [(each.verdict, each.components[0].relation) for each in single.references] == [
        ("derived", "transformed"),
        ("independent", None),
        ("independent", None),
    ]


def test_smaller_parent_that_was_disguised_before_it_was_merged(tmp_path: Path) -> None:
    """No order of its own is left in what remains, and it is found by what no disguise changes."""
    hidden = Changed(PARENT, "all disguises", seed=5)
    merged = Changed(hidden, "merged", amount=0.1, other=STRANGER)
    paths = beside_both_parents(tmp_path)
    subject = saved(Changed(merged, "all, new embeddings", seed=11), tmp_path / "subject")
    smaller = merged_of_two(subject, paths)
    assert {each.test for each in smaller.tests if each.decides} == {"aligned-remainder"}
    assert "larger" in smaller.explanation.en and "larger" in smaller.explanation.ko


def test_pupil_of_its_hidden_states_is_not_derived(compare: Compare) -> None:
    """Its coordinates are its teacher's, learned and not inherited: the one group that shows it convicts nobody."""
    found = compare(Trained(Drawn("llama", 161), data=1, teacher=PARENT, states=True))
    groups = {each.group: each.log10_p or 0.0 for each in found.tests if each.test == "permutation"}
    orders = [each.log10_p or 0.0 for each in found.tests if each.test.endswith("-in-place")]
    assert len(orders) == 4 and min(orders) > -3
    assert found.verdict != "derived" and groups["attention and embeddings"] < -3
    assert min(groups["feed-forward, reading"], groups["feed-forward, writing"]) > -3


def test_one_layer_kept(compare: Compare) -> None:
    kept = Changed(PARENT, "one layer kept", seed=7, amount=2)
    found = compare(Trained(kept, data=302, steps=BUDGET // 4, rate=3e-3))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "partial", [(2, 2)])


def test_tenth_part_merged(compare: Compare) -> None:
    found = compare(Changed(PARENT, "merged", amount=0.1, other=STRANGER))
    assert found.verdict == "derived"


@pytest.mark.parametrize("disguise", ["none", "stream rotated"])
def test_layers_left_out(compare: Compare, disguise: str) -> None:
    pruned = Changed(TUNED, "every second layer")
    found = compare(pruned if disguise == "none" else Changed(pruned, disguise, seed=11))
    assert (found.verdict, found.relation, layers(found)) == ("derived", "pruned", [(0, 0), (1, 2), (2, 3)])


def test_gains_of_another_convict_nobody(compare: Compare) -> None:
    found = compare(Changed(STRANGER, "gains of another", other=PARENT))
    gains = next(each for each in found.tests if each.test == "norm-gain-cosine")
    assert found.verdict == "independent" and gains.statistic is not None and gains.statistic > 0.98


def test_borrowed_encoder_in_another_wrapper(tmp_path: Path) -> None:
    """The encoder is named, and language model and projector are cleared."""
    encoder = Trained(Drawn(ENCODER, 1), data=1, steps=BUDGET // 2)
    tuned = encoder_derivatives(encoder)["tuned, r about 0.99"]
    mine = saved_inside(tuned, STRANGER, "deepseek_vl", tmp_path / "mine")
    theirs = saved_inside(encoder, PARENT, "llava", tmp_path / "theirs")
    found = {each.component: each for each in trace(mine, {"theirs": theirs}).references[0].components}
    assert {name: each.verdict for name, each in found.items()} == {
        "language_model": "independent",
        "projector": "independent",
        "vision_tower": "derived",
    }
    assert found["vision_tower"].relation == "fine-tuned" and layers(found["vision_tower"]) == EVERY


def test_same_start_trained_apart_is_for_the_panel(tmp_path: Path) -> None:
    """With step 0 shown, not `derived`, whether other rows were read or the same; a child that shows the same step 0 is."""
    start, theirs = saved(PARENT.start, tmp_path / "start"), saved(PARENT, tmp_path / "theirs")
    subjects = {
        "other rows": Trained(PARENT.start, data=201),
        "the same rows": Trained(PARENT.start, data=PARENT.data, rate=3e-3),
        "child": TUNED,
    }
    said = {}
    for name, recipe in subjects.items():
        shown = trace(saved(recipe, tmp_path / name), {"theirs": theirs}, checkpoints=[(0, start)])
        found = shown.references[0].components[0]
        said[name] = found.verdict, found.relation
    apart = ("indeterminate", "shared-initialisation")
    assert said == {"other rows": apart, "the same rows": apart, "child": ("derived", "fine-tuned")}


def test_a_gpt2_under_another_model_type_is_read_the_same_way_round(tmp_path: Path) -> None:
    """Its linear layers are stored (in, out), which only their shapes then say."""
    mine = Drawn("gpt2", 1)
    theirs = saved(mine, tmp_path / "theirs")
    found = trace(saved_in_disguise(mine, tmp_path / "mine"), {"theirs": theirs}).references[0].components[0]
    assert (found.verdict, found.relation) == ("derived", "copied") and layers(found) == EVERY
    other = (
        trace(saved_in_disguise(Drawn("gpt2", 2), tmp_path / "other"), {"theirs": theirs}).references[0].components[0]
    )
    assert other.verdict == "independent"
