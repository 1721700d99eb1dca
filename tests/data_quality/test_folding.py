"""Folding by the compiled loop is what Python's own functions say, for every letter and for letters beside each other."""

import random
import re
from unicodedata import normalize

import pytest

from tasks.data_quality import near_duplicates
from tasks.data_quality.folding import Room, fold, fold_all, weight
from tasks.data_quality.near_duplicates import NearDuplicates
from tests.data_quality.sentences import sentence

#: Where the form of a letter depends on its neighbours, or several letters come of one: marks, jamo, kana, ligatures, Indic.
BLOCKS = (
    (0x20, 0x7F),
    (0xA0, 0x250),
    (0x300, 0x370),
    (0x900, 0xA00),
    (0xB80, 0xC00),
    (0xD40, 0xE00),
    (0x1100, 0x1200),
    (0x2000, 0x2200),
    (0x3041, 0x3100),
    (0x3131, 0x3190),
    (0x3200, 0x3400),
    (0xAC00, 0xAC40),
    (0xD7B0, 0xD800),
    (0xFB00, 0xFE00),
    (0xFF00, 0xFFF0),
    (0x1D400, 0x1D800),
    (0x1F600, 0x1F640),
)


def by_python(text: str) -> str:
    """The same, letter by letter."""
    return "".join(filter(str.isalnum, normalize("NFKC", text.replace("\x00", " ")).casefold()))


def folded_together(texts: list[str], room: Room | None = None) -> list[str]:
    """Each text's letters, all folded in one call."""
    folded = fold_all(texts, room)
    return [folded.text(start, end) for start, end in zip(folded.starts.tolist(), folded.ends.tolist(), strict=True)]


def test_every_letter_alone() -> None:
    letters = [chr(code) for code in range(0x32400) if not 0xD800 <= code < 0xE000]
    assert folded_together(letters) == [by_python(letter) for letter in letters]


def test_letters_beside_each_other() -> None:
    rng, room = random.Random(1), Room()
    for _ in range(20):
        texts = []
        for _ in range(300):
            first, last = rng.choice(BLOCKS)
            block = rng.choice(BLOCKS)
            texts.append(
                "".join(chr(rng.randrange(*rng.choice(((first, last), block)))) for _ in range(rng.randrange(12)))
            )
        assert folded_together(texts, room) == list(map(by_python, texts))


def test_weight_counts_syllables_and_han_twice() -> None:
    assert weight("대한 abc 韓 12!") == 4 + 3 + 2 + 2
    assert fold("㈜ﬁ ½ ㅋㅋ Å") == by_python("㈜ﬁ ½ ㅋㅋ Å")


def test_kinds_numbers_and_lines_are_those_of_each_text() -> None:
    folded = fold_all(["가나 ab 1", "전화 ０１０-1234–5678\n둘째 줄 a@b.kr", "\ufffd x", ""])
    assert folded.kinds[:, 1:].tolist() == [[1, 2, 2, 0], [11, 4, 5, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert folded.replaced.tolist() == [0, 0, 1, 0]
    (number,) = folded.numbers
    assert "010-1234–5678" in number
    (address,) = folded.addresses
    assert "a@b.kr" in address
    lines = [folded.text(start, end) for start, end in folded.lines.tolist()]
    assert sorted(lines) == sorted(["가나ab1", "전화01012345678", "둘째줄abkr", "x"])


def test_near_duplicates_are_counted_named_and_bounded_whatever_is_merged_with_what(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(3)
    texts = [" ".join(sentence(rng) for _ in range(4)) for _ in range(300)]
    names = [f"d{number}" for number in range(300)]
    near = NearDuplicates()
    near.feed(
        fold_all([*texts, *(f"{text} 또한" for text in texts[:90])]), [*names, *(f"{each}b" for each in names[:90])]
    )
    looked_at, alike, pairs = near.counted()
    assert looked_at == 390 and 80 <= alike <= 90 and len(pairs) == 20
    assert all(re.fullmatch(r"(d\d+)b: \d+% \1", pair) for pair in pairs)
    monkeypatch.setattr(near_duplicates, "MOST_DOCUMENTS", 100)
    few, part = NearDuplicates(), NearDuplicates()
    for start in range(0, 300, 50):
        for _ in range(2):
            few.feed(fold_all(texts[start : start + 50]), names[start : start + 50])
    looked_at, alike, _ = few.counted()
    assert looked_at <= 100 and few.share >= 8
    assert alike * 2 == looked_at, "copies fall into the share together"
    part.feed(fold_all(texts[:80]), names[:80])
    orders = [(part, few), (few, part)]
    counted = []
    for one, other in orders:
        together = NearDuplicates()
        together.merge(one)
        together.merge(other)
        counted.append((together.share, *together.counted()[:2], sorted(together.names)))
    assert counted[0] == counted[1], "a part with room is thinned as much as a full one"
