"""Texts as token ids, each line encoded once however many prompts hold it.

A tokenizer of byte pairs gives the ids of a text as those of its pieces, wherever no token spans a cut between two of them.
Texts are cut behind single line breaks between two visible characters (behind a blank line, the pre-tokenizer takes the two
breaks together). Whether a cut holds is looked at by the words around it, once for the same words: no pair is merged across a
visible character and the space behind it where no token of the vocabulary has both, so nothing beyond these words matters.
"""

import re
from itertools import pairwise
from typing import Any

_CUT = re.compile(r"(?<=\S\n)(?=\S)")

#: A token of a visible character and a space behind it, as vocabularies write bytes (Ġ: space; Ċ, ĉ, č: other white space),
#: SentencePiece (▁) or plainly.
_SPANS_WORDS = re.compile(r"[^\sĠĊĉč▁][Ġ▁ ]")


class TextEncoder:
    """Ids as `tokenizer.encode(text)` gives them, special tokens included. `whole`: no text is cut."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pieces: dict[str, list[int]] = {}
        self._cuts: dict[tuple[str, str], bool] = {}
        self._around = _special_tokens(tokenizer)
        self.whole = self._around is None or not _keeps_words_apart(tokenizer)

    def forget(self) -> None:
        """Lets go of the lines and words, at the end of a task's chunk."""
        self._pieces.clear()
        self._cuts.clear()

    def encode(self, text: str, special: bool = True) -> list[int]:
        """The text's ids; without `special` tokens around it where the text has its own (a chat template's)."""
        cuts = [] if self.whole else [each.start() for each in _CUT.finditer(text) if self._holds(text, each.start())]
        if not cuts or self._around is None:
            return list(self._tokenizer.encode(text, add_special_tokens=special))
        before, after = self._around if special else ([], [])
        places = pairwise([0, *cuts, len(text)])
        return [*before, *(each for start, end in places for each in self._piece(text[start:end])), *after]

    def _holds(self, text: str, cut: int) -> bool:
        start, end = _words_around(text, cut)
        words = text[start:cut], text[cut:end]
        if words not in self._cuts:
            apart = [each for word in words for each in self._plain(word)]
            self._cuts[words] = self._plain(text[start:end]) == apart
        return self._cuts[words]

    def _piece(self, piece: str) -> list[int]:
        if piece not in self._pieces:
            self._pieces[piece] = self._plain(piece)
        return self._pieces[piece]

    def _plain(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))


def _words_around(text: str, cut: int) -> tuple[int, int]:
    """From the nearest space behind a visible character before the cut to the nearest such space after it."""
    start = text.rfind(" ", 0, cut)
    while start > 0 and text[start - 1].isspace():
        start = text.rfind(" ", 0, start)
    end = text.find(" ", cut)
    while end > 0 and text[end - 1].isspace():
        end = text.find(" ", end + 1)
    return max(start, 0), end if end > 0 else len(text)


def _special_tokens(tokenizer: Any) -> tuple[list[int], list[int]] | None:
    """What stands before and behind every text; None where a text has other ids between them than without them."""
    inner, whole = (list(tokenizer.encode("a", add_special_tokens=special)) for special in (False, True))
    for first in range(len(whole) - len(inner) + 1):
        if inner and whole[first : first + len(inner)] == inner:
            return whole[:first], whole[first + len(inner) :]
    return None


def _keeps_words_apart(tokenizer: Any) -> bool:
    """Whether ids come from byte pairs (other models weigh a text as a whole) that are never merged across two words."""
    if not getattr(tokenizer, "is_fast", False) or type(tokenizer.backend_tokenizer.model).__name__ != "BPE":
        return False
    return not any(map(_SPANS_WORDS.search, tokenizer.get_vocab()))
