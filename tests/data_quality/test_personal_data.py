"""Check digits against published numbers, boundaries beside Hangul, chance, and masks."""

import random

import pytest

from tasks.data_quality.folding import fold_all
from tasks.data_quality.personal_data import (
    PersonalDataCount,
    is_business_number,
    is_corporate_number,
    is_resident_number,
    masked,
    passes_luhn,
)


def feed(count: PersonalDataCount, text: str) -> None:
    """Feeds a text as the scan of a sample does."""
    folded = fold_all([text])
    count.feed(folded.numbers, folded.addresses)


def counted(text: str) -> dict[str, tuple[int, int]]:
    """(by shape, right or certain) of every kind that was found."""
    count = PersonalDataCount()
    feed(count, text)
    return {kind: (each.shaped, each.checked + each.certain) for kind, each in count.counts.items() if each.shaped}


def test_published_business_and_corporate_numbers_pass_and_their_neighbours_do_not() -> None:
    assert is_business_number("1248100998"), "Samsung Electronics 124-81-00998"
    assert is_business_number("2208162517"), "NAVER 220-81-62517"
    assert is_corporate_number("1301110006246"), "Samsung Electronics 130111-0006246"
    for place in range(10):
        other = "1248100998"[:place] + str((int("1248100998"[place]) + 1) % 10) + "1248100998"[place + 1 :]
        assert not is_business_number(other)


def test_card_numbers_of_the_networks_test_sets_pass_luhn() -> None:
    for number in ("4111111111111111", "5555555555554444", "378282246310005"):
        assert passes_luhn(number)
        assert not passes_luhn(str(int(number) + 1))


def test_a_resident_number_has_one_right_check_digit() -> None:
    weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]
    body = "911124123456"
    expected = (11 - sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11) % 10
    assert [digit for digit in range(10) if is_resident_number(body + str(digit))] == [expected]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("번호는900101-1234568입니다", "resident-numbers"),
        ("210315-3123456 아이의 번호", "resident-numbers"),
        ("사업자등록번호:124-81-00998번", "business-numbers"),
        ("법인130111-0006246임", "corporate-numbers"),
        ("전화010-1234-5678로", "phones"),
        ("+82 10 1234 5678", "phones"),
        ("사무실 02-123-4567", "phones"),
        ("카드4111-1111-1111-1111번호", "cards"),
        ("메일hong.gildong@example.co.kr입니다", "emails"),
    ],
)
def test_numbers_glued_to_hangul_are_found(text: str, kind: str) -> None:
    assert counted(text) == {kind: (1, 1)}


@pytest.mark.parametrize(
    "text",
    [
        "1900101-12345680",  # digits go on before and after
        "901301-1234568",  # no thirteenth month
        "2025-01-04(토)+9=월",
        "합 51+26=77, 수 3817: 삼천팔백십칠",
        "ISBN 978-89-01-12345-6",
        "192.168.10.21",
        "2024.10.11.",
        "name@localhost",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    found = PersonalDataCount()
    feed(found, text)
    assert all(each.beyond_chance == 0 for each in found.counts.values()), text


def test_random_numbers_are_what_chance_gives() -> None:
    rng = random.Random(1)
    text = " ".join(f"{rng.randrange(1000):03}-{rng.randrange(100):02}-{rng.randrange(100000):05}" for _ in range(4000))
    count = PersonalDataCount()
    feed(count, text)
    business = count.counts["business-numbers"]
    assert business.shaped == 4000
    assert 340 < business.checked < 460
    assert business.beyond_chance * 10 < business.checked, "numbers at random are hardly beyond chance"
    feed(count, " ".join(["124-81-00998"] * 400))
    assert business.beyond_chance > 250


def test_examples_are_masked() -> None:
    count = PersonalDataCount()
    feed(count, "홍길동 900101-1234568, hong@example.com")
    assert count.counts["resident-numbers"].examples == ["90****-*******"]
    assert count.counts["emails"].examples == ["ho**@*******.***"]
    assert masked("010-1234-5678") == "01*-****-****"
