"""Personal data in text: Korean resident, business and corporate numbers, cards, telephones, e-mail; with check digits.

A check digit of random digits is right once in ten times, so numbers are counted beside what chance would give. Boundaries
are look-arounds for digits, not `\\b`: Hangul is a word character, and numbers stand glued to it.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

#: A random check digit is right this often.
CHANCE = 0.1
#: Standard deviations of chance that are subtracted with it.
DEVIATIONS = 2.0
_MOST_EXAMPLES = 20

_HYPHENED = re.compile(r"(?<!\d)(\d{6})[-–](\d{7})(?!\d)", re.ASCII)
_BIRTH_AND_SEX = re.compile(r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}", re.ASCII)
_RESIDENT_PLAIN = re.compile(r"(?<!\d)(\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))([1-8]\d{6})(?!\d)", re.ASCII)
_BUSINESS = re.compile(r"(?<!\d)(\d{3})-(\d{2})-(\d{5})(?!\d)", re.ASCII)
_CARD = re.compile(r"(?<!\d)(?:[34569]\d{3}([- ]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([- ]?)\d{6}\2\d{5})(?!\d)", re.ASCII)
_PHONE = re.compile(
    r"(?<!\d)(?:(?:\+82[- ]?|0)1[016789][- .]?\d{3,4}[- .]?\d{4}|0(?:2|[3-6][1-5]|70)[- .]\d{3,4}[- .]\d{4})(?!\d)",
    re.ASCII,
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)


@dataclass
class Count:
    """How often a number was found: by its shape, with a right check digit, and certain without one; masked examples."""

    shaped: int = 0
    checked: int = 0
    certain: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, text: str, right: bool | None) -> None:
        """One number; `right` is None where the kind has no check digit and its shape is enough."""
        self.shaped += 1
        self.checked += right is True
        self.certain += right is None
        if right is not False and len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(masked(text))

    def merge(self, other: "Count") -> None:
        """Adds what was counted elsewhere."""
        self.shaped += other.shaped
        self.checked += other.checked
        self.certain += other.certain
        self.examples = [*self.examples, *other.examples][:_MOST_EXAMPLES]

    @property
    def expected_by_chance(self) -> float:
        """Right check digits that random digits of the same shape would have."""
        return CHANCE * (self.shaped - self.certain)

    @property
    def beyond_chance(self) -> float:
        """What is left of those found after chance and its deviations."""
        expected = self.expected_by_chance
        allowed = expected + DEVIATIONS * math.sqrt(expected * (1 - CHANCE))
        return self.certain + max(0.0, self.checked - allowed)


KINDS = ("resident-numbers", "cards", "phones", "emails", "business-numbers", "corporate-numbers")


class PersonalDataCount:
    """Counts over texts that are fed one after another."""

    def __init__(self) -> None:
        self.counts = {kind: Count() for kind in KINDS}

    def feed(self, numbers: Iterable[str], addresses: Iterable[str]) -> None:
        """Looks through stretches of text with digits and through those with an at-sign (`folding.Folded` cuts them out)."""
        for text in numbers:
            for match in _HYPHENED.finditer(text):
                self._hyphened(match)
            for match in _RESIDENT_PLAIN.finditer(text):
                self.counts["resident-numbers"].add(match[0], is_resident_number(match[1] + match[2]))
            self._feed("business-numbers", _BUSINESS, text, is_business_number)
            self._feed("cards", _CARD, text, passes_luhn)
            self._feed("phones", _PHONE, text, None)
        for text in addresses:
            self._feed("emails", _EMAIL, text, None)

    def merge(self, other: "PersonalDataCount") -> None:
        """Adds what was counted elsewhere."""
        for kind, count in other.counts.items():
            self.counts[kind].merge(count)

    def _feed(self, kind: str, pattern: re.Pattern[str], text: str, is_right: Callable[[str], bool] | None) -> None:
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            self.counts[kind].add(match[0], is_right(digits) if is_right is not None else None)

    def _hyphened(self, match: re.Match[str]) -> None:
        """Six digits and seven: a resident number where they begin with a birthday, or a corporate number.

        The number of a person born since October 2020 has no check digit, so its shape is enough.
        """
        digits = match[1] + match[2]
        if _BIRTH_AND_SEX.fullmatch(digits):
            born_lately = match[2][0] in "3478" and "2010" <= match[1][:4] <= "2612"
            right = is_resident_number(digits)
            if right or born_lately:
                self.counts["resident-numbers"].add(match[0], True if right else None)
                return
            if not is_corporate_number(digits):
                self.counts["resident-numbers"].add(match[0], False)
                return
        self.counts["corporate-numbers"].add(match[0], is_corporate_number(digits))


def is_resident_number(digits: str) -> bool:
    """Whether 13 digits end in the check digit of a Korean resident number issued before October 2020."""
    weighed = sum(int(d) * w for d, w in zip(digits[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return (11 - weighed % 11) % 10 == int(digits[12])


def is_business_number(digits: str) -> bool:
    """Whether 10 digits end in the check digit of a Korean business registration number."""
    weighed = sum(int(d) * w for d, w in zip(digits[:9], (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    return (10 - (weighed + 5 * int(digits[8]) // 10) % 10) % 10 == int(digits[9])


def is_corporate_number(digits: str) -> bool:
    """Whether 13 digits end in the check digit of a Korean corporate registration number."""
    weighed = sum(int(d) * (1 + i % 2) for i, d in enumerate(digits[:12]))
    return (10 - weighed % 10) % 10 == int(digits[12])


def passes_luhn(digits: str) -> bool:
    """Whether the digits pass the Luhn check of payment cards (ISO/IEC 7812-1)."""
    doubled = [int(d) if i % 2 == 0 else 2 * int(d) for i, d in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def masked(text: str) -> str:
    """Letters and digits after the first two become stars: enough to see what it is, too little to misuse.

    >>> masked("911124-1234567")
    '91****-*******'
    """
    return text[:2] + "".join("*" if letter.isalnum() else letter for letter in text[2:])
