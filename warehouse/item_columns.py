"""A benchmark run's items as columns: what the data-quality stage looks at, without a record for each of a million items."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from checks.records.scores import TaskScore
from warehouse.layout import SCORES, load
from warehouse.reader import load_run
from warehouse.store import Warehouse

Whole = npt.NDArray[np.int64]

#: Variants beyond the first are further repeats here: a way of asking and a draw as one number.
_DRAWS_A_VARIANT = 1024
#: Numbered answers (`prediction`) and likelihoods are an answer too; equal ones have equal hashes.
_ASKED = f"""
select item, (variant * {_DRAWS_A_VARIANT} + repeat)::bigint as repeat, correct, len(loglikelihoods) = 0 as generated,
       unparsed or len(loglikelihoods) = 0 and trim(output) = '' as unparsed, truncated, len(output) as letters,
       hash(output, loglikelihoods, prediction) as answer, hash(prompt_sha256) as prompt, tokens
from items where run_id = ? and task = ? order by item_no
"""


@dataclass(frozen=True)
class ItemColumns:
    """The items of one task, one place an item and repeat; `answer` and `prompt` are hashes.

    `unparsed`: no answer could be taken from the output, or there is none; `truncated`: it ended at its limit of tokens.
    """

    item: Whole
    repeat: Whole
    correct: npt.NDArray[np.float64]
    generated: npt.NDArray[np.bool_]
    unparsed: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    letters: Whole
    answer: npt.NDArray[np.uint64]
    prompt: npt.NDArray[np.uint64]
    tokens: Whole


@dataclass(frozen=True)
class SuiteResults:
    """One benchmark run: scores and settings as recorded, items by task as columns, and when it was measured."""

    tasks: Sequence[TaskScore]
    settings: Mapping[str, Any]
    items: Mapping[str, ItemColumns]
    started_at: datetime
    finished_at: datetime


def load_results(warehouse: Warehouse, run_id: str) -> SuiteResults:
    """The results of that run; raises InputFault for one that is not there or of another stage."""
    run = load_run(warehouse, run_id)
    with warehouse.reading() as connection:
        found = connection.execute("select settings from suite_scores where run_id = ?", [run_id]).fetchall()
        if not found:
            raise InputFault(warehouse.folder, "runs", f"{run_id!r}, which has no scores", "a run of the benchmark")
        tasks = load(connection, SCORES.parts["tasks"], "run_id", run_id)
        named = connection.execute("select distinct task from items where run_id = ?", [run_id]).fetchall()
        items = {task: connection.execute(_ASKED, [run_id, task]).fetchnumpy() for (task,) in sorted(named)}
    columns = {
        task: ItemColumns(**{name: np.asarray(each) for name, each in own.items()}) for task, own in items.items()
    }
    return SuiteResults(tasks, json.loads(found[0][0]), columns, run.started_at, run.finished_at)
