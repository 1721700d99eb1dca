"""Which rows may share a forward and still come out as each does by itself.

A padded row is taken for the row alone where no token sees what follows it, or padding is masked. Not every model keeps to that:
some attend to all tokens, some choose what they attend to among as many as there are. So made-up rows are computed both ways.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from tasks.benchmark.batching import Company, Row
from tasks.benchmark.own_attention import TOLERANCE, furthest
from tasks.benchmark.rotary_lengths import follow_length

#: Rows of one forward → log-probabilities [positions, vocabulary] of each.
Compute = Callable[[Sequence[Row]], Sequence[torch.Tensor]]

#: In what words a run says which texts are computed together.
WORDS = {Company.ANY: "batches", Company.ONE_LENGTH: "batches of one length", Company.ALONE: "one at a time"}


def told_company(model: Any) -> Company:
    """What the model's settings say: rows of one length where positions follow from a text's length, or where so many
    tokens are chosen to be attended to (of equal ones the choice depends on the padding; too many for a trial)."""
    chooses = getattr(model.config.get_text_config(decoder=True), "index_topk", None) is not None
    return Company.ONE_LENGTH if chooses or follow_length(model) else Company.ANY


def found_company(rows: Sequence[Row], compute: Compute, dtype: torch.dtype) -> Company:
    """The most company in which these rows are answered as each is by itself."""
    alone = [_computed([row], compute) for row in rows]
    lengths = [[at for at, row in enumerate(rows) if row.length == length] for length in {row.length for row in rows}]
    for company, batches in ((Company.ANY, [list(range(len(rows)))]), (Company.ONE_LENGTH, lengths)):
        if all(_alike([rows[at] for at in batch], [alone[at] for at in batch], compute, dtype) for batch in batches):
            return company
    return Company.ALONE


def _computed(rows: Sequence[Row], compute: Compute) -> Sequence[torch.Tensor]:
    """Nothing where the model's own code, or the memory, does not take these rows."""
    try:
        return compute(rows)
    except Exception:
        return []


def _alike(rows: Sequence[Row], alone: Sequence[Sequence[torch.Tensor]], compute: Compute, dtype: torch.dtype) -> bool:
    if len(rows) < 2:
        return True
    together = _computed(rows, compute)
    if not together or not all(alone):
        return False
    return all(furthest(mine, theirs[0]) < TOLERANCE[dtype] for mine, theirs in zip(together, alone, strict=True))
