"""An item: one question with its true answer, made by rule; and the rule that keeps test items out of training.

>>> Item("addition", "37+45", "합 37+45=", "82").text
'합 37+45=82'
"""

import hashlib
from dataclasses import dataclass

#: Share of every item space that is kept out of training: test items come from it, few-shot examples do not.
HELD_OUT_SHARE = 0.2


@dataclass(frozen=True)
class Item:
    """One question. `key` names it in its item space; `choices`, where there are any, hold `answer` once."""

    kind: str
    key: str
    question: str
    answer: str
    choices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line as it stands in training text."""
        return self.question + self.answer


def held_out(space: str, key: str) -> bool:
    """Whether the item `key` of `space` is kept for testing: by its hash, so the same for every seed and team."""
    digest = hashlib.sha256(f"{space}:{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < HELD_OUT_SHARE * 2**32
