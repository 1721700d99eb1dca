"""The published statistics of lineage, written from their papers, as the figures that Gwanmun is held against.

>>> csu(seen(made(child)), seen(made(parent))).log10_p
-812.4

Each gives a `Score`, higher for models that are more alike, or None where the method does not apply. Where a paper leaves a
choice open, the one that finds more was taken; norm gains are folded into what reads them, which the papers leave out.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import t as student

from tasks.independence.permutation_test import fisher_log10, least_log10
from tests.lineage.seen_models import Seen, shared_rows

#: AWM's own constants: similarity of 90 unrelated pairs of large models, mean and deviation (its published script).
AWM_MEAN, AWM_DEVIATION = 0.00375, 0.0028
#: Depth of the layer that REEF compares: 18 of 32.
REEF_DEPTH = 18 / 32
#: HuRef's rare tokens: 4,096 of a real vocabulary; here of 287 words.
HUREF_TOKENS = 128
#: A p-value of zero in double precision.
_LEAST_LOG10 = -300.0


@dataclass(frozen=True)
class Score:
    """`value` is higher for models that are more alike; `log10_p` where the method claims a p-value."""

    value: float
    log10_p: float | None = None


def csu(mine: Seen, theirs: Seen) -> Score | None:
    """Zhu et al. 2025 (arXiv 2502.12292), section 3.1: per layer, units are assigned by the cosine of their up rows, and the
    assignment is held against their numbers by Spearman's rank correlation; Fisher over layers. Models of one shape only."""
    if mine.layout.layers != theirs.layout.layers or _up(mine, 0).shape != _up(theirs, 0).shape:
        return None
    log10_ps = []
    for layer in range(mine.layout.layers):
        order = _assigned(_cosines(_up(mine, layer), _up(theirs, layer)))[1]
        log10_ps.append(spearman_log10(np.arange(len(order)), order))
    return _by_p(fisher_log10(log10_ps))


def match(mine: Seen, theirs: Seen) -> Score | None:
    """The same paper, section 3.2: units are assigned by what their gate rows answer to the same prompts, and again by what
    their up rows answer; Spearman's rank correlation of the two assignments. Fisher over layers at the same place where
    depths are equal, or the best of all pairs of layers, the better of the two counted twice. Gated layers only."""
    if not (mine.layout.gated and theirs.layout.gated):
        return None
    found = {
        (i, j): _matched(mine, theirs, i, j) for i in range(mine.layout.layers) for j in range(theirs.layout.layers)
    }
    ways = [least_log10(found.values())]
    if mine.layout.layers == theirs.layout.layers:
        ways.append(fisher_log10([found[layer, layer] for layer in range(mine.layout.layers)]))
    return _by_p(least_log10(ways))


def mdir(mine: Seen, theirs: Seen) -> Score | None:
    """arXiv 2508.06309: the orthogonal part of one embedding seen in the other, over tokens of both; t is the largest trace over
    renumberings of d coordinates, and ln p <= ln d! - t² / 2 where it is a random turn. With signs here: ln(2^d d!)."""
    if "embed" not in mine.layout.tensors:
        return None
    rows, others = shared_rows(mine.model, theirs.model)
    product = mine.layout.tensors["embed"][rows].T @ theirs.layout.tensors["embed"][others]
    left, _, right = torch.linalg.svd(product.double(), full_matrices=False)
    turn = np.abs((left @ right).numpy())
    trace, count = float(turn[_assigned(turn)].sum()), min(turn.shape)
    return _by_p(min(0.0, (math.lgamma(count + 1) + count * math.log(2) - trace**2 / 2) / math.log(10)))


def awm(mine: Seen, theirs: Seen) -> Score | None:
    """arXiv 2510.06738: coordinates of the stream are assigned, with signs, by the embeddings of tokens of both; then the
    unbiased linear CKA of query and of key matrices, a mean over layers, which are assigned too where depths differ."""
    if "embed" not in mine.layout.tensors:
        return None
    rows, others = shared_rows(mine.model, theirs.model)
    cosines = _cosines(mine.layout.tensors["embed"][rows].T, theirs.layout.tensors["embed"][others].T)
    own, other = _assigned(np.abs(cosines))
    signs = torch.from_numpy(np.sign(cosines[own, other])).float()[:, None]

    def alike(i: int, j: int) -> float:
        pairs = [(mine.layout.tensors[f"{i}.{side}"], theirs.layout.tensors[f"{j}.{side}"]) for side in "qk"]
        return float(np.mean([cka(a.T[own], b.T[other] * signs, unbiased=True) for a, b in pairs]))

    depths = mine.layout.layers, theirs.layout.layers
    if depths[0] == depths[1]:
        return Score(float(np.mean([alike(layer, layer) for layer in range(depths[0])])))
    table = np.array([[alike(i, j) for j in range(depths[1])] for i in range(depths[0])])
    return Score(float(table[_assigned(table)].mean()))


def huref(mine: Seen, theirs: Seen) -> Score | None:
    """NeurIPS 2024 (Zeng et al.): rare tokens' embeddings X in the products that no rotation changes, X Wq' Wk X', X Wv' Wo' X'
    and X Wu' Wd' X', of the last two layers; mean centred cosine. Without the gate, whose product with up a rotation changes."""
    if "embed" not in mine.layout.tensors:
        return None
    rows, others = shared_rows(mine.model, theirs.model, HUREF_TOKENS)
    sides = [_invariants(mine, rows), _invariants(theirs, others)]
    return Score(float(np.mean([_pearson(a, b) for a, b in zip(*sides, strict=True)])))


def reef(mine: Seen, theirs: Seen) -> Score:
    """ICLR 2025 (arXiv 2410.14273): linear CKA of the last token's states on 200 prompts, at the layer of the same depth."""
    states = [each.run.states[max(1, round(REEF_DEPTH * each.layout.layers))] for each in (mine, theirs)]
    return Score(cka(*states, unbiased=False))


def std_curve(mine: Seen, theirs: Seen) -> Score:
    """arXiv 2507.03014: the standard deviations of query, key, value and output matrices over layers, as curves; mean of their
    correlations. The shorter curve is stretched where depths differ."""
    found = []
    for side in "qkvo":
        curves = [
            np.array([float(each.layout.tensors[f"{layer}.{side}"].std()) for layer in range(each.layout.layers)])
            for each in (mine, theirs)
        ]
        depth = np.linspace(0, 1, max(len(each) for each in curves))
        found.append(_pearson(*(np.interp(depth, np.linspace(0, 1, len(each)), each) for each in curves)))
    return Score(float(np.mean(found)))


Baseline = Callable[[Seen, Seen], Score | None]
#: By the names that the table gives them.
BASELINES: dict[str, Baseline] = {
    "CSU": csu,
    "MATCH": match,
    "MDIR": mdir,
    "AWM": awm,
    "HuRef": huref,
    "REEF": reef,
    "std curve": std_curve,
}


def alarms(name: str, score: Score | None) -> bool | None:
    """Whether the method calls the pair related as it was published; None for a method without a level of its own."""
    if name in ("CSU", "MATCH", "MDIR"):  # p-values, at the level that Gwanmun's verdict has
        return score is not None and score.log10_p is not None and score.log10_p < -3
    if name == "AWM":  # three deviations
        return score is not None and abs(score.value - AWM_MEAN) > 3 * AWM_DEVIATION
    if name == "std curve":  # 0.927 was published as proof against Pangu
        return score is not None and score.value >= 0.927
    return None


def cka(one: torch.Tensor, other: torch.Tensor, *, unbiased: bool) -> float:
    """Linear centred kernel alignment of (samples, features) and (samples, features) (Kornblith et al. 2019); the unbiased
    estimate is Song et al. 2012, equation 5."""
    grams = [_centred(each.double() @ each.double().T, unbiased) for each in (one, other)]
    product, sizes = (grams[0] * grams[1]).sum(), [(each * each).sum() for each in grams]
    return float(product / torch.sqrt(sizes[0] * sizes[1]).clamp_min(1e-30))


def _centred(gram: torch.Tensor, unbiased: bool) -> torch.Tensor:
    """So that the inner product of two is HSIC, but for a factor."""
    count = len(gram)
    if not unbiased:
        return gram - gram.mean(dim=0) - gram.mean(dim=1, keepdim=True) + gram.mean()
    gram = gram - torch.diag(gram.diagonal())
    means = gram.sum(dim=0) / (count - 2)
    means = means - means.sum() / (2 * (count - 1))
    centred = gram - means - means[:, None]
    return centred - torch.diag(centred.diagonal())


def spearman_log10(one: np.ndarray, other: np.ndarray) -> float:
    """log10 of the two-sided p-value of Spearman's rank correlation, by Student's law, of two arrays without ties."""
    count = len(one)
    ranks = [each.argsort().argsort() for each in (one, other)]
    r = min(1 - 1e-12, abs(_pearson(*ranks)))
    tail = float(student.logsf(r * math.sqrt((count - 2) / (1 - r * r)), count - 2))
    return min(0.0, max(_LEAST_LOG10, (tail + math.log(2)) / math.log(10)))


def _matched(mine: Seen, theirs: Seen, i: int, j: int) -> float:
    orders = [_assigned(_cosines(mine.units(i, side).T, theirs.units(j, side).T)) for side in ("gate", "up")]
    (rows, gates), (others, ups) = orders
    both = np.intersect1d(rows, others)  # where the other model has fewer units, not all are assigned
    places = [dict(zip(a.tolist(), b.tolist(), strict=True)) for a, b in ((rows, gates), (others, ups))]
    return spearman_log10(*(np.array([each[unit] for unit in both.tolist()]) for each in places))


def _invariants(model: Seen, rows: Sequence[int]) -> list[np.ndarray]:
    layout, found = model.layout, []
    embedded = layout.tensors["embed"][list(rows)]
    for layer in range(layout.layers - 2, layout.layers):
        tensors = {
            name: layout.tensors[f"{layer}.{name}"] for name in ("q", "k", "v", "o", "up", "down", "norm1", "norm2")
        }
        before, behind = embedded * tensors["norm1"], embedded * tensors["norm2"]
        times = len(tensors["q"]) // len(tensors["k"])
        size = len(tensors["q"]) // layout.heads
        key, value = (
            each.unflatten(0, (-1, size)).repeat_interleave(times, dim=0).flatten(0, 1)
            for each in (tensors["k"], tensors["v"])
        )
        found += [
            (before @ tensors["q"].T) @ (before @ key.T).T,
            (before @ value.T) @ tensors["o"].T @ embedded.T,
            (behind @ tensors["up"].T) @ tensors["down"].T @ embedded.T,
        ]
    return [each.numpy() for each in found]


def _up(model: Seen, layer: int) -> torch.Tensor:
    return model.layout.tensors[f"{layer}.up"]


def _cosines(one: torch.Tensor, other: torch.Tensor) -> np.ndarray:
    return np.asarray((torch.nn.functional.normalize(one) @ torch.nn.functional.normalize(other).T).numpy())


def _assigned(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The assignment of rows to columns with the largest sum."""
    return linear_sum_assignment(similarity, maximize=True)  # type: ignore[no-any-return]


def _pearson(one: np.ndarray, other: np.ndarray) -> float:
    a, b = (each.astype(np.float64).ravel() - each.mean() for each in (one, other))
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0


def _by_p(log10_p: float) -> Score:
    return Score(-log10_p, log10_p)
