"""Texts as token ids, each line encoded once however many prompts hold it.

A tokenizer with pre-tokens (byte-level BPE and its kin) gives the ids of a text as those of its pieces, where the cut lies
behind a single line break between two visible characters. Cut behind a blank line, ids differ: at a text's end the
pre-tokenizer takes the two breaks together. Whether a tokenizer does give the same ids is looked at on the first texts
and on every sixteenth of those that follow; where one differs, every text is encoded whole from then on.
"""

import re
from typing import Any

_CUT = re.compile(r"(?<=\S\n)(?=\S)")

#: Texts at the beginning of a chunk that are all verified, and how many later ones come to one that is.
_FIRST, _EVERY = 8, 16


class TextEncoder:
    """Ids as `tokenizer.encode(text)` gives them, special tokens included. `whole`: no text is cut any more."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pieces: dict[str, list[int]] = {}
        self._around: tuple[list[int], list[int]] | None = None
        self._count = 0
        self.whole = not getattr(tokenizer, "is_fast", False)

    def forget(self) -> None:
        """Lets go of the lines, at the end of a task's chunk; the first texts of the next are verified again."""
        self._pieces.clear()
        self._count = 0

    def encode(self, text: str, special: bool = True) -> list[int]:
        """The text's ids; without `special` tokens around it where the text has its own (a chat template's)."""
        pieces = [] if self.whole else _CUT.split(text)
        if len(pieces) < 2:
            return list(self._tokenizer.encode(text, add_special_tokens=special))
        inner = [each for piece in pieces for each in self._piece(piece)]
        around = self._around if special else ([], [])
        self._count += 1
        if around is not None and self._count > _FIRST and self._count % _EVERY:
            return [*around[0], *inner, *around[1]]
        return self._verified(text, inner, special)

    def _verified(self, text: str, inner: list[int], special: bool) -> list[int]:
        ids = list(self._tokenizer.encode(text, add_special_tokens=special))
        if special and self._around is None:
            spare = len(ids) - len(inner)
            fits = [first for first in range(spare + 1) if ids[first : first + len(inner)] == inner]
            if fits:
                self._around = ids[: fits[0]], ids[fits[0] + len(inner) :]
        around = self._around if special else ([], [])
        if around is None or ids != [*around[0], *inner, *around[1]]:
            self.whole = True
        return ids

    def _piece(self, piece: str) -> list[int]:
        if piece not in self._pieces:
            self._pieces[piece] = self._tokenizer.encode(piece, add_special_tokens=False)
        return self._pieces[piece]
