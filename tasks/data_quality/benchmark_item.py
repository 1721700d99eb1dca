"""A benchmark item as this stage sees it: a plain record, whatever harness the task comes from."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BenchmarkItem:
    """One item of one task.

    `text` is what a document would have to say to give the item away: the question as the task renders it, followed by
    the right answer's text. `item` is the index in its split. `choices` and `answer` (the index of the right choice) are
    empty and None for generated answers, whose expected text is `target`. `picture` is a hash of the pictures that the
    question shows, empty where there is none: such an item is not looked for in text, because its text alone says nothing.
    """

    task: str
    item: int
    text: str
    split: Literal["test", "fewshot"] = "test"
    choices: tuple[str, ...] = ()
    answer: int | None = None
    target: str = ""
    picture: str = ""
