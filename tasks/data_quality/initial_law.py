"""Whether step-0 weights follow the declared law (check C1): distribution, tails, row norms, largest singular value.

A body that was trained before fails by orders of magnitude, with half of it replaced by noise still: its tails are heavier,
its rows unequal, its singular values beyond the edge of a random matrix, its norm gains not one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.contracts.submission import Initialisation
from tasks.data_quality.findings import Findings

Matrix = npt.NDArray[np.float32]

CHECKS = (
    "initial-distribution",
    "initial-kurtosis",
    "initial-row-spread",
    "initial-largest-singular",
    "initial-vectors",
)
#: Elements of one tensor that are tested, evenly spaced: enough to find every body that was trained, and few enough that
#: the rounding of bfloat16 does not count as a departure.
MOST_ELEMENTS = 100_000
#: Standard errors that are allowed for a small tensor before its statistic counts.
STANDARD_ERRORS = 5.0
#: Deviations of the Tracy-Widom law (standard deviation 1.27) allowed above the edge of a small random matrix.
EDGE_DEVIATIONS = 3.0
_TRACY_WIDOM_STD = 1.27
#: With fewer rows or columns a matrix has no spread of row norms and no edge worth the name.
LEAST_SIDE = 8
#: Rows of zeros that padding leaves (one token of a vocabulary); more than this share of rows is no padding.
MOST_PADDING = 0.02


@dataclass(frozen=True)
class Law:
    """A candidate law: its distribution function, standard deviation and excess kurtosis."""

    distribution: Callable[[Any], Any]
    std: float
    kurtosis: float


def candidate_laws(declared: Initialisation) -> list[Law]:
    """The laws that a declaration can mean: a truncated normal is cut at two or three deviations or far out, and its `std`
    is that of the normal before the cut or of the law after it."""
    from scipy.special import ndtr

    std = float(declared.std)
    if declared.distribution == "uniform":
        half = std * math.sqrt(3)
        return [Law(lambda x: np.clip((x + half) / (2 * half), 0.0, 1.0), std, -1.2)]
    normal = Law(lambda x: ndtr(x / std), std, 0.0)
    if declared.distribution == "normal":
        return [normal]
    laws = [normal]
    for cut in (2.0, 3.0):
        variance, kurtosis = _moments_of_cut(cut)
        before_the_cut, after_it = std, std / math.sqrt(variance)
        laws += [
            Law(_cut_normal(cut, scale), scale * math.sqrt(variance), kurtosis) for scale in (before_the_cut, after_it)
        ]
    return laws


def _cut_normal(cut: float, scale: float) -> Callable[[Any], Any]:
    """The distribution function of a normal law of that scale, cut at `cut` of its deviations."""
    from scipy.special import ndtr

    below, inside = float(ndtr(-cut)), float(ndtr(cut) - ndtr(-cut))
    return lambda x: np.clip((ndtr(x / scale) - below) / inside, 0.0, 1.0)


def _moments_of_cut(cut: float) -> tuple[float, float]:
    """Variance and excess kurtosis of the standard normal law cut at ±cut, by parts from its density at the cut."""
    from scipy.special import ndtr

    edge = 2 * cut * math.exp(-cut * cut / 2) / math.sqrt(2 * math.pi) / float(ndtr(cut) - ndtr(-cut))
    second = 1 - edge
    fourth = 3 * second - cut * cut * edge
    return second, fourth / second**2 - 3.0


def measure_initial_law(
    found: Findings, component: str, tensors: Mapping[str, Matrix], declared: Initialisation
) -> None:
    """The five checks of C1 for one component, whose step-0 tensors are given by name (shape as stored)."""
    matrices = {name: _flat(tensor) for name, tensor in sorted(tensors.items()) if tensor.ndim >= 2 and tensor.size > 0}
    if matrices:
        law, worst, p_value = _best_law(matrices, candidate_laws(declared))
        found.measured("initial-distribution", p_value, len(matrices), subject=component, observed=worst)
        _extreme(found, "initial-kurtosis", component, {n: _kurtosis_distance(m, law) for n, m in matrices.items()})
        _extreme(
            found, "initial-row-spread", component, {n: _row_spread(m, law) for n, m in matrices.items()}, about=1.0
        )
        _extreme(found, "initial-largest-singular", component, {n: _edge_ratio(m, law) for n, m in matrices.items()})
    else:
        found.missing(*CHECKS[:4], subject=component, observed="step 0 holds no matrix of this component")
    vectors = {name: tensor for name, tensor in sorted(tensors.items()) if tensor.ndim == 1 and tensor.size > 0}
    judged = {name: _as_initialised(name, vector) for name, vector in vectors.items()}
    known = {name: right for name, right in judged.items() if right is not None}
    found.counted("initial-vectors", known, [name for name, right in known.items() if not right], subject=component)


def _flat(tensor: Matrix) -> Matrix:
    """Rows are outputs; rows of zeros are left out where they are few enough to be padding."""
    matrix = np.ascontiguousarray(tensor.reshape(tensor.shape[0], -1))
    kept = matrix.any(axis=1)
    padding = int((~kept).sum())
    return matrix[kept] if 0 < padding <= max(1, int(MOST_PADDING * len(matrix))) and kept.any() else matrix


def _best_law(matrices: Mapping[str, Matrix], laws: Sequence[Law]) -> tuple[Law, str, float]:
    """The law that fits best, the tensor that fits it worst, and that tensor's p-value × the number of tensors."""
    from scipy import stats

    answers = []
    for law in laws:
        least = {
            name: float(stats.kstest(_some(matrix), law.distribution).pvalue) if np.isfinite(matrix).all() else 0.0
            for name, matrix in matrices.items()
        }
        name = min(least, key=lambda each: least[each])
        answers.append((min(1.0, least[name] * len(matrices)), name, law))
    p_value, name, law = max(answers, key=lambda answer: answer[0])
    return law, name, p_value


def _some(matrix: Matrix) -> npt.NDArray[np.float64]:
    """At most about MOST_ELEMENTS of the elements, evenly spaced, from every column."""
    stride = max(1, -(-matrix.size // MOST_ELEMENTS))
    while math.gcd(stride, matrix.shape[1]) > 1:
        stride += 1
    return matrix.ravel()[::stride].astype(np.float64)


def _kurtosis_distance(matrix: Matrix, law: Law) -> float | None:
    values = _some(matrix)
    centred = values - values.mean()
    variance = float((centred**2).mean())
    if not 0.0 < variance < math.inf:
        return math.inf
    excess = float((centred**4).mean()) / variance**2 - 3.0
    return max(0.0, abs(excess - law.kurtosis) - STANDARD_ERRORS * math.sqrt(24 / len(values)))


def _row_spread(matrix: Matrix, law: Law) -> float | None:
    """Spread of row norms over that of the law, moved towards 1 by the standard errors that few rows are allowed."""
    rows, columns = matrix.shape
    if min(rows, columns) < LEAST_SIDE:
        return None
    norms = np.linalg.norm(matrix.astype(np.float64), axis=1)
    if not 0.0 < norms.mean() < math.inf:
        return math.inf
    expected = math.sqrt((law.kurtosis + 2) / (4 * columns))
    ratio = float(norms.std(ddof=1) / norms.mean()) / expected
    allowed = STANDARD_ERRORS / math.sqrt(2 * (rows - 1))
    return 1.0 + math.copysign(max(0.0, abs(ratio - 1.0) - allowed), ratio - 1.0)


def _edge_ratio(matrix: Matrix, law: Law) -> float | None:
    """Largest singular value over σ(√m + √n), less the deviations that a small matrix is allowed."""
    rows, columns = matrix.shape
    if min(rows, columns) < LEAST_SIDE:
        return None
    if not np.isfinite(matrix).all():
        return math.inf
    edge = math.sqrt(rows) + math.sqrt(columns)
    deviation = 0.5 * _TRACY_WIDOM_STD * (1 / math.sqrt(rows) + 1 / math.sqrt(columns)) ** (1 / 3) / edge
    return float(_largest_singular(matrix) / (law.std * edge) - EDGE_DEVIATIONS * deviation)


def _largest_singular(matrix: Matrix) -> float:
    if min(matrix.shape) <= 512:
        gram = matrix.astype(np.float64) @ matrix.T.astype(np.float64) if matrix.shape[0] <= matrix.shape[1] else None
        if gram is None:
            gram = matrix.T.astype(np.float64) @ matrix.astype(np.float64)
        return math.sqrt(max(0.0, float(np.linalg.eigvalsh(gram)[-1])))
    from scipy.sparse.linalg import svds

    start = np.full(min(matrix.shape), 1.0 / math.sqrt(min(matrix.shape)), dtype=np.float32)
    return float(svds(matrix, k=1, return_singular_vectors=False, v0=start, tol=1e-3)[0])


def _as_initialised(name: str, vector: Matrix) -> bool | None:
    """Whether a bias is all zero or a gain all one (or all zero, where it is kept as an offset); None for other vectors."""
    if name.endswith("bias"):
        return not vector.any()
    if "norm" in name.lower() or ".ln" in name.lower():
        return bool((vector == 1.0).all() or (vector == 0.0).all())
    return None


def _extreme(
    found: Findings, check: str, component: str, by_tensor: Mapping[str, float | None], about: float = 0.0
) -> None:
    """The value furthest from `about`, with the tensor that has it."""
    usable = {name: value for name, value in by_tensor.items() if value is not None}
    if not usable:
        found.not_applicable(check, subject=component, observed="every matrix is too small to say")
        return
    name = max(usable, key=lambda each: abs(usable[each] - about))
    value = usable[name] if math.isfinite(usable[name]) else np.finfo(np.float64).max
    found.measured(check, value, len(usable), subject=component, observed=name)
