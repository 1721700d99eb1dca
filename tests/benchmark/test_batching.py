"""Batches: a pure plan within a budget, and half of it when memory runs out."""

import pytest
import torch

from tasks.benchmark.batching import BatchRunner, Budget, Row, RowTooLargeError, plan


def _rows(*lengths: int, scored: int = 1) -> list[Row]:
    return [Row(tuple(range(index, index + length)), ((7,) * scored,)) for index, length in enumerate(lengths)]


def test_a_plan_holds_every_row_once_longest_first_within_the_budget() -> None:
    rows = _rows(3, 9, 5, 9, 1, 2, 8)
    batches = plan(rows, Budget(tokens=20, logits=10**6), vocabulary=10)
    assert sorted(index for batch in batches for index in batch) == list(range(7))
    lengths = [[len(rows[index].ids) for index in batch] for batch in batches]
    assert lengths == [[9, 9], [8, 5], [3, 2, 1]]
    assert all(len(batch) * max(batch) <= 20 for batch in lengths)


def test_a_plan_keeps_to_the_logits_and_leaves_room_to_grow() -> None:
    rows = _rows(4, 4, 4, 4, scored=2)
    assert [len(batch) for batch in plan(rows, Budget(1000, logits=2 * 2 * 50), vocabulary=50)] == [2, 2]
    assert [len(batch) for batch in plan(rows, Budget(40, 10**6), vocabulary=50, room=6)] == [4]
    assert [len(batch) for batch in plan(rows, Budget(39, 10**6), vocabulary=50, room=6)] == [3, 1]


def test_a_row_beyond_the_budget_goes_alone_and_kinds_do_not_mix() -> None:
    assert plan(_rows(50, 3), Budget(10, 10), vocabulary=100) == [[0], [1]]
    text, picture = Row((1, 2)), Row((1, 2), kind=(("pixel_values", (3, 8, 8)),))
    assert plan([text, picture, text], Budget(100, 100), vocabulary=2) == [[1], [0, 2]]


def test_out_of_memory_halves_the_batch_and_goes_on() -> None:
    sizes: list[int] = []

    def forward(batch: list[Row]) -> list[int]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [row.ids[0] for row in batch]

    runner = BatchRunner(Budget(tokens=80, logits=10**6), vocabulary=10)
    rows = _rows(*[8] * 10)
    assert runner.run(rows, forward) == list(range(10))
    assert sizes == [10, 5, 2, 2, 2, 2, 2], "and the next batches are small from the start"
    sizes.clear()
    assert runner.run(rows[:4], forward) == [0, 1, 2, 3]
    assert sizes == [2, 2]


def test_a_row_that_never_fits_and_other_errors_are_raised() -> None:
    def exhausted(batch: list[Row]) -> list[int]:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    def broken(batch: list[Row]) -> list[int]:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RowTooLargeError, match="one row of 8 tokens"):
        BatchRunner(Budget(80, 10**6), 10).run(_rows(8, 8), exhausted)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        BatchRunner(Budget(80, 10**6), 10).run(_rows(8, 8), broken)
