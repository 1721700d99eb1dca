"""The rule-made items hold true answers, and test items stay out of training."""

import re
from datetime import date
from random import Random
from unicodedata import normalize

import numpy as np
import pytest

from flows.demo import arithmetic, calendar_dates, numerals, particles, shapes
from flows.demo.corpus import TEXT_SOURCES, Corpus, Document
from flows.demo.suites import TASKS

DRAWS = 300


def value_of(text: str) -> int:
    """A number from its reading, by the grammar (digit? place)*: written without the generator's tables."""
    total, digit = 0, 0
    for letter in text:
        if letter in (places := {"천": 1000, "백": 100, "십": 10}):
            total += (digit or 1) * places[letter]
            digit = 0
        else:
            digit = "영일이삼사오육칠팔구".index(letter)
    return total + digit


def zeller(day: date) -> int:
    """Zeller's congruence: 0 is Saturday."""
    month, year = (day.month + 12, day.year - 1) if day.month < 3 else (day.month, day.year)
    return (day.day + 13 * (month + 1) // 5 + year + year // 4 - year // 100 + year // 400) % 7


def ends_in_consonant(word: str) -> bool:
    return "\u11a8" <= normalize("NFD", word)[-1] <= "\u11c2"


def test_every_reading_reads_back_as_its_number() -> None:
    readings = [numerals.reading(number) for number in range(10_000)]
    assert [value_of(text) for text in readings] == list(range(10_000))
    assert len(set(readings)) == 10_000


def test_a_reading_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="10000"):
        numerals.reading(10_000)


def test_numeral_items_ask_for_the_reading_of_the_number_shown() -> None:
    rng = Random(1)
    for _ in range(DRAWS):
        item = numerals.draw(rng, False)
        assert value_of(item.answer.strip()) == int(re.findall(r"\d+", item.question)[0])
        assert len(set(item.choices)) == 4
        assert item.choices.count(item.answer) == 1


def test_particles_follow_the_last_letter_of_the_noun() -> None:
    rng = Random(2)
    for _ in range(DRAWS):
        item = particles.draw(rng, False)
        closed = ends_in_consonant(item.question)
        rieul = normalize("NFD", item.question)[-1] == "\u11af"
        expected = {
            frozenset("은는"): "은" if closed else "는",
            frozenset("이가"): "이" if closed else "가",
            frozenset("을를"): "을" if closed else "를",
            frozenset("과와"): "과" if closed else "와",
            frozenset(("으로", "로")): "으로" if closed and not rieul else "로",
        }[frozenset(item.choices)]
        assert item.answer == expected


def test_no_noun_is_a_part_of_another() -> None:
    assert not [(a, b) for a in particles.NOUNS for b in particles.NOUNS if a != b and a in b]


def test_weekdays_agree_with_zellers_congruence() -> None:
    rng = Random(3)
    for _ in range(DRAWS):
        item = calendar_dates.draw(rng, False)
        year, month, day, shown, later = re.fullmatch(r"(\d+)-(\d+)-(\d+)\((.)\)\+(\d)=", item.question).groups()  # type: ignore[union-attr]
        at = zeller(date(int(year), int(month), int(day)))
        assert shown == "토일월화수목금"[at]
        assert item.answer == "토일월화수목금"[(at + int(later)) % 7]
        assert item.answer not in item.question


def test_sums_are_right() -> None:
    rng = Random(4)
    for _ in range(DRAWS):
        item = arithmetic.draw(rng, False)
        left, right = map(int, re.findall(r"\d+", item.question))
        assert int(item.answer) == left + right


def test_pictures_show_what_their_answers_say() -> None:
    from scipy.ndimage import label

    rng = Random(5)
    for _ in range(DRAWS):
        picture = shapes.draw_picture(rng, False)
        pixels = np.asarray(shapes.paint(picture), dtype=int)
        drawn = (pixels != np.array((245, 245, 240))).any(axis=2)
        assert str(label(drawn)[1]) == picture.answer("개수")
        assert {tuple(value) for value in pixels[drawn]} == {shapes.COLOURS[picture.answer("색")]}


def test_shapes_differ_in_their_pixels() -> None:
    drawn = {shape: shapes.paint(shapes.Picture(shape, "빨강", (0,), ((8, 8),))).tobytes() for shape in shapes.SHAPES}
    assert len(set(drawn.values())) == len(shapes.SHAPES)


def test_training_never_reads_a_test_item() -> None:
    documents: list[Document] = []
    corpus = Corpus(7, 128, on_document=documents.append)
    for _ in range(1500):
        corpus.next_row()
    read = {document.text for document in documents}
    pictures = {document.picture.key for document in documents if document.picture is not None}
    rng = Random(6)
    for task in TASKS:
        for _ in range(DRAWS):
            item, picture = task.draw(rng, True)
            if picture is None:
                assert item.text not in read
            else:
                assert picture.key not in pictures
    taught = [TASKS[0].draw(rng, False)[0].text for _ in range(3000)]
    assert read & set(taught), "the training side of the item space is what training reads"


@pytest.mark.parametrize("source", TEXT_SOURCES)
def test_no_test_question_is_a_part_of_a_training_text(source: str) -> None:
    draw = TEXT_SOURCES[source][0]
    rng = Random(8)
    taught = "\n".join({draw(rng, False).text for _ in range(3000)})
    assert not [item for item in (draw(rng, True) for _ in range(DRAWS)) if item.text in taught]
