"""The initial law: honest draws of every size and kind pass, trained or borrowed weights do not."""

from decimal import Decimal
from typing import Literal

import numpy as np
import pytest

from checks.contracts.submission import Initialisation
from checks.expectations.suites import CHECK_BY_KEY
from checks.expectations.thresholds import DEFAULT_THRESHOLDS
from checks.records.quality import Measurement
from tasks.data_quality.findings import Findings
from tasks.data_quality.initial_law import measure_initial_law

SHAPES = ((260, 64), (64, 260), (128, 64), (64, 64), (48, 96), (16, 64), (64, 3, 8, 8), (1000, 700), (12, 4), (1, 64))
Kind = Literal["normal", "truncated_normal", "uniform"]


def declared(kind: Kind, std: str = "0.02") -> Initialisation:
    """A declaration."""
    return Initialisation(distribution=kind, std=Decimal(std))


def drawn(kind: str, rng: np.random.Generator, shape: tuple[int, ...], std: float = 0.02) -> np.ndarray:
    """Weights of that law, as float32."""
    if kind == "uniform":
        return rng.uniform(-std * 3**0.5, std * 3**0.5, shape).astype(np.float32)
    values = rng.standard_normal(shape)
    if kind.startswith("cut"):
        while (outside := np.abs(values) > 2).any():
            values[outside] = rng.standard_normal(int(outside.sum()))
        if kind == "cut, std after":
            values /= 0.879626
    return (std * values).astype(np.float32)


def verdicts(tensors: dict[str, np.ndarray], law: Initialisation) -> set[str]:
    """The checks that do not hold."""
    found = Findings("checkpoints")
    measure_initial_law(found, "language_model", tensors, law)
    return {each.check for each in found.rows if each.state == "measured" and not holds(each)}


def holds(measured: Measurement) -> bool:
    """Whether the number is within the shipped bounds."""
    low, high = CHECK_BY_KEY[f"checkpoints.{measured.check}"].bounds(DEFAULT_THRESHOLDS)
    value = measured.value
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


@pytest.mark.parametrize(
    ("law", "kind"),
    [
        ("normal", "normal"),
        ("uniform", "uniform"),
        ("truncated_normal", "cut"),
        ("truncated_normal", "cut, std after"),
        ("truncated_normal", "normal"),
    ],
)
def test_honest_draws_pass_whatever_their_size(law: Kind, kind: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(4):
        tensors = {f"layer.{n}.weight": drawn(kind, rng, shape) for n, shape in enumerate(SHAPES)}
        tensors |= {"norm.weight": np.ones(64, np.float32), "layer.0.bias": np.zeros(64, np.float32)}
        assert verdicts(tensors, declared(law)) == set()


def test_rounding_to_bfloat16_and_a_padding_row_are_no_departure() -> None:
    rng = np.random.default_rng(2)
    embedding = drawn("normal", rng, (3000, 256))
    bits = embedding.view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32).copy()
    rounded[0] = 0.0
    assert verdicts({"embed.weight": rounded}, declared("normal")) == set()


@pytest.mark.parametrize("other", ["uniform", "cut"])
def test_another_law_than_the_declared_is_found(other: str) -> None:
    rng = np.random.default_rng(3)
    tensors = {"a.weight": drawn(other, rng, (256, 256)), "b.weight": drawn("normal", rng, (256, 256))}
    assert "initial-distribution" in verdicts(tensors, declared("normal"))


def test_a_trained_body_is_found_even_with_half_of_it_noise() -> None:
    rng = np.random.default_rng(4)
    scale = np.exp(0.4 * rng.standard_normal((256, 1)))
    direction = np.outer(rng.standard_normal(256), rng.standard_normal(256))
    trained = 0.02 * (scale * rng.standard_normal((256, 256)) + 0.15 * direction)
    gains = (1 + 0.07 * rng.standard_normal(256)).astype(np.float32)
    for share in (0.0, 0.5):
        noise = 0.02 * rng.standard_normal((256, 256))
        mixed = ((1 - share) ** 0.5 * trained + share**0.5 * noise).astype(np.float32)
        failed = verdicts({"a.weight": mixed, "norm.weight": gains}, declared("normal"))
        assert failed >= {"initial-row-spread", "initial-largest-singular", "initial-vectors"}


def test_one_borrowed_matrix_among_forty_is_found() -> None:
    rng = np.random.default_rng(5)
    tensors = {f"{n}.weight": drawn("normal", rng, (96, 96)) for n in range(40)}
    assert verdicts(tensors, declared("normal")) == set()
    tensors["7.weight"] = (0.02 * rng.standard_t(4, (96, 96))).astype(np.float32)
    assert "initial-distribution" in verdicts(tensors, declared("normal"))


def test_constant_weights_and_no_numbers_never_pass() -> None:
    constant = {"a.weight": np.full((64, 64), 0.02, np.float32)}
    assert verdicts(constant, declared("normal")) >= {"initial-distribution", "initial-kurtosis"}
    broken = {"a.weight": np.full((64, 64), np.nan, np.float32)}
    assert verdicts(broken, declared("normal")) >= {"initial-distribution", "initial-kurtosis", "initial-row-spread"}
