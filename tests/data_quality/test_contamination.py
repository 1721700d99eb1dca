"""Items in a corpus: found however they are re-spaced or cut, never in unrelated text, short ones only as whole lines."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from checks.records.quality import ContaminatedItem
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.contamination import ContaminationScan
from tasks.data_quality.folding import fold, fold_all, weight
from tests.data_quality.perturbations import PERTURBATIONS
from tests.data_quality.sentences import english_sentence, sentence

COUNT = 60


def items_of(texts: Sequence[str], task: str = "task") -> list[BenchmarkItem]:
    """Items by index."""
    return [BenchmarkItem(task, number, text) for number, text in enumerate(texts)]


def scanned(items: Sequence[BenchmarkItem], documents: Sequence[str], batch: int = 7) -> list[ContaminatedItem]:
    """What is found in the documents, fed a few at a time."""
    scan = ContaminationScan(items)
    for start in range(0, len(documents), batch):
        texts = documents[start : start + batch]
        scan.feed(fold_all(texts), [f"d{start + number}" for number in range(len(texts))])
    return scan.result()


@pytest.mark.parametrize("make", [sentence, english_sentence], ids=["Korean", "English"])
@pytest.mark.parametrize("perturbation", [name for name in PERTURBATIONS if name != "particles"])
def test_every_copied_item_is_found_and_no_other(make: Callable[[random.Random], str], perturbation: str) -> None:
    rng = random.Random(11)
    texts = [make(rng) + " " + make(rng) for _ in range(2 * COUNT)]
    change = PERTURBATIONS[perturbation]
    documents = [f"{make(rng)} {change(text)} {make(rng)}" for text in texts[:COUNT]]
    found = scanned(items_of(texts), documents)
    assert [each.item for each in found] == list(range(COUNT))
    assert [each.document for each in found] == [f"d{number}" for number in range(COUNT)]
    kind = "near" if perturbation == "half" else "exact"
    assert {each.kind for each in found} == {kind}
    coverage = [each.coverage for each in found]
    assert min(coverage) == 1.0 if kind == "exact" else 0.45 <= min(coverage) <= max(coverage) < 0.75


def test_nothing_is_found_in_unrelated_text() -> None:
    rng = random.Random(5)
    items = items_of([make(rng) + " " + make(rng) for _ in range(500) for make in (sentence, english_sentence)])
    documents = [" ".join(make(rng) for _ in range(20)) for _ in range(500) for make in (sentence, english_sentence)]
    assert scanned(items, documents) == []


def test_a_single_shared_sentence_of_a_long_item_is_near_with_its_numbers() -> None:
    rng = random.Random(8)
    shared, rest = sentence(rng), [sentence(rng) for _ in range(2)]
    item = f"{rest[0]} {shared}"
    run = weight(fold(shared))
    (found,) = scanned(items_of([item]), [f"{rest[1]} {shared} {rest[1]}", "다른 문서"])
    assert found.kind == "near" and found.document == "d0"
    assert run <= found.longest_run <= run + 10, "the words beside it may be equal by chance"
    assert found.coverage == pytest.approx(found.longest_run / weight(fold(item)))


def test_a_quarter_of_an_item_is_not_enough() -> None:
    rng = random.Random(9)
    item = " ".join(sentence(rng) for _ in range(2))
    assert weight(fold(item)) < 130
    quarter = item[: len(item) // 4]
    assert scanned(items_of([item]), [f"{sentence(rng)} {quarter} {sentence(rng)}"]) == []


def test_the_benchmarks_own_phrases_are_no_leak() -> None:
    rng = random.Random(10)
    phrase = "다음 글을 읽고 물음에 대한 답으로 가장 알맞은 것을 하나만 고르시오 그리고 그 까닭을 말해 보시오. "
    items = items_of([phrase + sentence(rng) for _ in range(10)])
    assert scanned(items, [phrase, f"{sentence(rng)} {phrase} {sentence(rng)}"]) == []
    assert [each.item for each in scanned(items, [f"{phrase} {items[4].text[len(phrase) :]}"])] == [4]


def test_items_below_the_window_count_only_whole() -> None:
    item = "수도권 지하철 노선도에서 갈아타는 역은 모두 몇 개인가"
    assert 24 <= weight(fold(item)) < 50
    assert [each.kind for each in scanned(items_of([item]), [f"앞말 {item} 뒷말"])] == ["exact"]
    assert scanned(items_of([item]), [item[:-3]]) == []


def test_a_number_inside_a_longer_number_is_another_number() -> None:
    item = "전철역과 시청역을 지난 다음 기온은 312"
    assert 24 <= weight(fold(item)) < 50
    assert scanned(items_of([item]), [f"{item}4 도였다"]) == []
    assert len(scanned(items_of([item]), [f"{item} 4 도였다"])) == 1
    assert len(scanned(items_of([item]), [f"{item}도였다"])) == 1


def test_short_items_count_only_as_a_whole_line() -> None:
    items = items_of(["수 4825: 사천팔백이십오", "2027-05-31(월)+5=토", "합 31+92=123", "색: 빨강"])
    assert [weight(each.text) for each in items] == [20, 13, 9, 6]
    inside = ["그래서 수 4825: 사천팔백이십오 라고 썼다", "또 2027-05-31(월)+5=토 그리고 합 31+92=123", "색: 빨강 원"]
    assert scanned(items, inside) == []
    lines = ["수 4825:  사천팔백이십오\n다른 줄", "첫 줄\n2027-05-31 (월) + 5 = 토", "합 31+92 = 123", "색: 빨강"]
    found = scanned(items, lines)
    assert [(each.item, each.longest_run, each.document) for each in found] == [
        (0, 20, "d0"),
        (1, 13, "d1"),
        (2, 9, "d2"),
    ]


def test_rule_made_training_text_of_the_same_form_is_no_leak() -> None:
    rng = random.Random(4)
    asked = {(a, b) for a in range(10, 100) for b in range(10, 100) if rng.random() < 0.1}
    items = items_of([f"합 {a}+{b}={a + b}" for a, b in sorted(asked)])
    free = [(a, b) for a in range(10, 100) for b in range(10, 100) if (a, b) not in asked]
    documents = [f"합 {a}+{b}={a + b}" for a, b in free]
    assert scanned(items, documents, batch=1000) == []
    a, b = sorted(asked)[0]
    assert [each.item for each in scanned(items, [*documents, f"합 {a}+{b}={a + b}"], batch=1000)] == [0]


def test_items_with_pictures_and_few_shot_examples_are_not_looked_for() -> None:
    text = sentence(random.Random(1))
    shown = BenchmarkItem("task", 0, text, picture="ab12")
    example = BenchmarkItem("task", 0, text, split="fewshot")
    scan = ContaminationScan([shown, example])
    assert scan.looked_for == scan.looked_for_as_lines == 0
    assert scanned([shown, example], [text]) == []


def test_windows_never_reach_over_the_end_of_a_document() -> None:
    text = sentence(random.Random(2))
    quarter = len(text) // 4 + 1
    assert scanned(items_of([text]), [text[start : start + quarter] for start in range(0, len(text), quarter)]) == []


def test_the_best_place_is_kept_and_equal_items_are_all_named() -> None:
    rng = random.Random(3)
    text = f"{sentence(rng)} {sentence(rng)}"
    items = [BenchmarkItem("a", 4, text), BenchmarkItem("b", 9, text.upper())]
    found = scanned(items, [text[: int(len(text) * 0.7)], f"x {text} y", text[: int(len(text) * 0.6)]], batch=1)
    assert [(each.task, each.item, each.kind, each.document) for each in found] == [
        ("a", 4, "exact", "d1"),
        ("b", 9, "exact", "d1"),
    ]


def test_broken_surrogates_and_nulls_in_text_are_only_text(tmp_path: Path) -> None:
    text = sentence(random.Random(6))
    odd = json.loads('"\\ud800 \\u0000"')
    assert [each.kind for each in scanned(items_of([text]), [odd + text + odd])] == ["exact"]
