"""Models that began by one formula have that in common and nothing else; what was drawn by chance is no such start."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.fft import dct, dst, fft
from scipy.linalg import hadamard

from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence import trace
from tasks.independence.feed_forward import feed_forward_layers
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written

Start = Callable[[int, int], npt.NDArray[np.float64]]


def tiled(rows: int, columns: int) -> npt.NDArray[np.float64]:
    small = min(rows, columns)
    return np.tile(np.eye(small), (-(-rows // small), -(-columns // small)))[:rows, :columns]


def hartley(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """The real part of the Fourier matrix less the imaginary one, as SciPy transforms the identity."""
    found = fft(np.eye(max(rows, columns)))
    return (found.real - found.imag)[:rows, :columns]


STARTS: dict[str, Start] = {
    "whole": lambda rows, columns: np.eye(rows, columns),
    "tiled": tiled,
    "shifted": lambda rows, columns: np.eye(rows, columns, 5),
    "hadamard": lambda rows, columns: hadamard(256)[:rows, :columns].astype(float),
    "cosine": lambda rows, columns: dct(np.eye(max(rows, columns)), axis=0, norm="ortho")[:rows, :columns],
    "cosine-iii": lambda rows, columns: dct(np.eye(max(rows, columns)), 3)[:rows, :columns],
    "sine": lambda rows, columns: dst(np.eye(max(rows, columns)), 1, norm="ortho")[:rows, :columns],
    "hartley": hartley,
}


def decoder(seed: int) -> Tensors:
    return component(drawn(seed, prefix=""), "language_model.")


def begun(tensors: Tensors, start: Start, noise: float) -> Tensors:
    """Every matrix of a layer begun so, with its own numbers as noise: so many times the start's own spread."""
    found = dict(tensors)
    for name, each in tensors.items():
        if ".layers." in name and each.ndim > 1:
            first = start(*each.shape)
            found[name] = (first + noise * first.std() * each / each.std()).astype(np.float32)
    return found


@pytest.mark.parametrize("noise", [0.5, 2.0])
@pytest.mark.parametrize("start", STARTS)
def test_two_that_began_by_one_formula_are_no_derivation(start: str, noise: float, tmp_path: Path) -> None:
    reference, stranger = (begun(decoder(seed), STARTS[start], noise) for seed in (1, 2))
    folder = {"r": written(tmp_path / "r", reference)}
    assert trace(written(tmp_path / "s", stranger), folder).verdict == "indeterminate"
    assert trace(written(tmp_path / "c", reference), folder).verdict == "derived"


def projector(seed: int, units: int, start: Start | None) -> Tensors:
    """Two matrices of a wrapper's projector, before a decoder of its own."""
    rng = np.random.default_rng(seed)
    shapes = {"linear_1": (units, 64), "linear_2": (64, units)}
    found = {name: 0.05 * rng.standard_normal(shape) for name, shape in shapes.items()}
    begun = {name: each if start is None else each + start(*each.shape) for name, each in found.items()}
    named = {f"multi_modal_projector.{name}.weight": each.astype(np.float32) for name, each in begun.items()}
    return decoder(seed) | named


@pytest.mark.parametrize("units", [64, 128])
def test_nor_are_projectors_of_two_matrices(units: int, tmp_path: Path) -> None:
    verdicts = {}
    for kind, start in (("identity", STARTS["whole"]), ("drawn", None)):
        parent = projector(1, units, start)
        folder = {"r": written(tmp_path / kind / "r", parent)}
        for name, tensors in (("stranger", projector(2, units, start)), ("child", disturbed(parent, 0.9))):
            found = trace(written(tmp_path / kind / name, tensors), folder).references[0].components
            verdicts[kind, name] = {each.component: each.verdict for each in found}["projector"]
    assert verdicts["identity", "stranger"] == "indeterminate"
    assert (verdicts["drawn", "stranger"], verdicts["drawn", "child"]) == ("independent", "derived")


@pytest.mark.parametrize("outlier", [0.0, 1e3])
def test_no_drawn_layer_is_taken_for_one(outlier: float, tmp_path: Path) -> None:
    """Trained matrices have a few numbers that are hundreds of times the others."""
    tensors = decoder(1)
    for name, each in tensors.items():
        if each.ndim > 1:
            each[3, 3] += outlier * each.std()
            each[:, 7] *= 1 + outlier / 50
        tensors[name] = each
    checkpoint = open_checkpoint(written(tmp_path / "m", tensors))
    assert len(feed_forward_layers(checkpoint, assign_roles(checkpoint))) == 2


@pytest.mark.parametrize("along", [(), (0,), (1,)], ids=["all", "of a column", "of a row"])
def test_nor_is_one_whose_numbers_have_one_sign(along: tuple[int, ...], tmp_path: Path) -> None:
    """All of them, or those of a row or a column: slow waves have that too."""
    rng = np.random.default_rng(5)
    tensors = decoder(1)
    for name, each in tensors.items():
        if each.ndim > 1:
            shape = tuple(each.shape[axis] if axis not in along and along else 1 for axis in (0, 1))
            tensors[name] = (np.abs(each) * rng.choice([-1.0, 1.0], size=shape)).astype(np.float32)
    checkpoint = open_checkpoint(written(tmp_path / "m", tensors))
    assert len(feed_forward_layers(checkpoint, assign_roles(checkpoint))) == 2


def test_no_layer_of_the_demo_is_taken_for_one(demo_programme: Path) -> None:
    model = open_checkpoint(demo_programme.parent / "models" / "globe-vl")
    roles = assign_roles(model)
    kinds = {role.component for role in roles}
    layers = {kind: feed_forward_layers(model, [each for each in roles if each.component == kind]) for kind in kinds}
    assert all(layers.values())
