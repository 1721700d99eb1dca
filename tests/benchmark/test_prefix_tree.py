"""The walk along the prefix tree: no token twice, every row whole, and any part of it computed as in the whole."""

from collections.abc import Sequence
from random import Random

import pytest

from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.prefix_tree import BLOCK, Pack, blocks, common_length, needed, walk

VOCABULARY = 10


def _rows(seed: int, count: int = 40) -> list[Row]:
    """Distinct rows over three ids, so that beginnings are shared at every depth, each with one to four scored positions."""
    draw = Random(seed)
    ids = {tuple(draw.choices((1, 2, 3), k=draw.randint(1, 12))) for _ in range(count)}
    return [Row(each, ((9,) * draw.randint(1, min(4, len(each))),)) for each in sorted(ids, key=str)]


def _walked(rows: Sequence[Row], packs: Sequence[Pack]) -> dict[int, tuple[int, ...]]:
    """Row → the path at its end, as a path that is overwritten pack by pack holds it; its logits must have been wanted."""
    path: dict[int, int] = {}
    asked: dict[int, int] = {}  # position → the id whose logits were kept there
    complete = {}
    for pack in packs:
        for stretch in pack.stretches:
            path.update(enumerate(stretch.ids, stretch.start))
            asked.update((place, path[place]) for place in stretch.wanted)
            row = rows[stretch.row]
            if stretch.end == len(row.ids):
                complete[stretch.row] = tuple(path[place] for place in range(stretch.end))
                scored = range(stretch.end - row.scored, stretch.end)
                assert [asked.get(place) for place in scored] == [row.ids[place] for place in scored]
    return complete


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tokens", [1, 3, 7, 1000])
def test_every_row_is_whole_and_no_token_is_computed_twice(seed: int, tokens: int) -> None:
    rows = _rows(seed)
    packs = walk(rows, Budget(tokens, 10**6), VOCABULARY)
    assert _walked(rows, packs) == {index: row.ids for index, row in enumerate(rows)}
    assert all(pack.tokens <= tokens for pack in packs)
    beginnings = {row.ids[:length] for row in rows for length in range(1, len(row.ids) + 1)}
    assert sum(pack.tokens for pack in packs) == len(beginnings)


@pytest.mark.parametrize("positions", [1, 2, 5])
def test_a_pack_keeps_to_its_logits(positions: int) -> None:
    rows = _rows(7)
    packs = walk(rows, Budget(8, positions * VOCABULARY), VOCABULARY)
    assert _walked(rows, packs) == {index: row.ids for index, row in enumerate(rows)}
    assert all(pack.wanted <= positions for pack in packs)


@pytest.mark.parametrize("seed", range(5))
def test_part_of_the_rows_takes_whole_packs_and_all_that_they_stand_on(seed: int) -> None:
    rows = _rows(seed)
    packs = walk(rows, Budget(5, 10**6), VOCABULARY)
    for index in range(len(rows)):
        part = needed(packs, {index})
        assert all(any(each is pack for pack in packs) for each in part)
        assert _walked_row(rows, part, index) == rows[index].ids
    assert len(needed(packs, {0})) < len(packs)
    assert needed(packs, range(len(rows))) == packs


def _walked_row(rows: Sequence[Row], packs: Sequence[Pack], index: int) -> tuple[int, ...]:
    path: dict[int, int] = {}
    for pack in packs:
        for stretch in pack.stretches:
            path.update(enumerate(stretch.ids, stretch.start))
            if stretch.row == index and stretch.end == len(rows[index].ids):
                return tuple(path[place] for place in range(stretch.end))
    raise AssertionError("the row is not completed")


def test_blocks_share_what_rows_begin_with_and_say_nothing_of_their_company() -> None:
    """Rows of up to three blocks; each row's own blocks are the same whatever other rows there are."""
    draw = Random(4)
    stem = tuple(draw.choices((1, 2, 3), k=2 * BLOCK + 20))
    cuts = [(2 * BLOCK + 9, 3), (2 * BLOCK, 5), (BLOCK + 40, 1), (30, 2), (2 * BLOCK + 20, BLOCK)]
    rows = [Row(stem[:length] + (7, at) * 12, ((9,) * scored,)) for at, (length, scored) in enumerate(cuts)]
    rows += [Row(stem[: 2 * BLOCK], ((9,) * 4,)), Row(stem[:30], ((9,),))]
    packs = blocks(rows)
    assert _walked(rows, packs) == {index: row.ids for index, row in enumerate(rows)}
    assert all(len(pack.stretches) == 1 and pack.stretches[0].start % BLOCK == 0 for pack in packs)
    assert all(pack.tokens <= BLOCK for pack in packs)
    assert sum(pack.tokens for pack in packs) < sum(len(row.ids) for row in rows) - 4 * BLOCK
    for index, row in enumerate(rows):
        here = [stretch.ids for pack in needed(packs, {index}) for stretch in pack.stretches]
        assert set(here) == {stretch.ids for pack in blocks([row]) for stretch in pack.stretches}


def test_common_length_is_that_of_a_plain_comparison() -> None:
    draw = Random(1)
    for _ in range(200):
        first, second = (tuple(draw.choices((1, 2), k=draw.randint(0, 8))) for _ in range(2))
        plain = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
        assert common_length(first, second) == (min(len(first), len(second)) if plain is None else plain)
