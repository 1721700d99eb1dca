"""The decision: how long ten thousand paired resamples of a large round take, and other weightings of it."""

import time
from collections.abc import Iterator

import numpy as np

from checks.records.scores import ItemResult
from checks.rules.drawing import new_draw, resampled_scores
from checks.rules.item_tables import ItemTable, values_by_task
from tests.performance.figures import Benchmark, Figure

TEAMS, ITEMS, RESAMPLES = 20, 100_000, 10_000
ASKED_SECONDS = 5.0
#: Draws of numpy's own multinomial that are timed; the whole number is reckoned from them.
PEER_DRAWS = 20


def resampling() -> Iterator[Figure]:
    """Item bootstrap of 20 teams × 100,000 items, paired; beside it multinomial counts × items in double precision."""
    source = np.random.default_rng(0)
    correct = (source.random((ITEMS, TEAMS)) < 0.6).astype(np.float32)
    table = ItemTable([f"t{index}" for index in range(TEAMS)], correct, np.ones(ITEMS, np.float32), 100.0, {})
    seconds, drawn = _timed(lambda: resampled_scores(table, new_draw(1), RESAMPLES))
    size = f"{RESAMPLES:,} resamples, {TEAMS} teams, {ITEMS:,} items"
    yield Figure("paired item bootstrap", seconds, "s of CPU", ASKED_SECONDS, "lower", size)
    even, exact = np.full(ITEMS, 1 / ITEMS), correct.astype(np.float64)
    peer, _ = _timed(lambda: source.multinomial(ITEMS, even, size=PEER_DRAWS) @ exact)
    yield Figure(
        "the same by multinomial counts", peer * RESAMPLES / PEER_DRAWS, "s of CPU", note="reckoned from 20 draws"
    )
    spread = drawn["t0"].std() / (100 * correct[:, 0].std() / np.sqrt(ITEMS))
    yield Figure(
        "its standard error ÷ √(p(1−p)÷n)", float(spread), "", note="1 is exact; 10,000 draws know it to 0.7 %"
    )


def reading() -> Iterator[Figure]:
    """One team's items into arrays, as often as there are teams."""
    items = [
        ItemResult.model_construct(
            task="t", item=index, repeat=0, prompt_sha256="", correct=float(index % 3 > 0), tokens=1
        )
        for index in range(ITEMS)
    ]
    seconds, _ = _timed(lambda: values_by_task(items))
    yield Figure("items into tables", TEAMS * seconds, "s of CPU", note=f"{TEAMS} × one team's {ITEMS:,}")


def _timed(work):  # type: ignore[no-untyped-def]
    begun = time.process_time()
    done = work()
    return time.process_time() - begun, done


BENCHMARKS: list[Benchmark] = [resampling, reading]
