"""Phrases that several sections of the report share."""

from decimal import ROUND_HALF_EVEN, Decimal

from checks.contracts.disclosure import Profile
from checks.records.record import Text
from tasks.round_report.document import Cell, Tone

SIMULATED = Text(ko="모의 점수", en="simulated scores")
NOT_SHOWN = Text(ko="비공개", en="not disclosed")
TEAM = Text(ko="팀", en="Team")
TOTAL = Text(ko="총점", en="Total")
RANK = Text(ko="순위", en="Rank")
STATUS = Text(ko="결과", en="Outcome")
POINTS = Text(ko="배점", en="Points")
PROFILES: dict[Profile, Text] = {
    "public": Text(ko="공개용", en="public"),
    "team": Text(ko="팀 통보용", en="for the team"),
    "committee": Text(ko="위원회용", en="for the committee"),
    "auditor": Text(ko="감사용", en="for the auditor"),
}


def one(word: str) -> Text:
    """A name that has no translation."""
    return Text(ko=word, en=word)


def joined(texts: list[Text], ko: str = ", ", en: str = ", ") -> Text:
    """Several texts in a row."""
    return Text(ko=ko.join(each.ko for each in texts), en=en.join(each.en for each in texts))


def points(value: str | None) -> str:
    """Points to two places, half-even, for the eye: the bundle has every place, and comparisons use the exact value."""
    return "–" if value is None else f"{Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_EVEN)}"


def percent(share: float) -> str:
    """A share in [0, 1]."""
    return f"{100 * share:.1f} %"


def hidden() -> Cell:
    """What stands where something is not disclosed to this reader."""
    return Cell(NOT_SHOWN, "quiet")


def tone_of(outcome: str) -> Tone:
    """The tone of a status, a gate's result, a check's outcome or a reason's."""
    tones: dict[str, Tone] = {
        "advances": "good",
        "pass": "good",
        "kept": "good",
        "eliminated": "bad",
        "fail": "bad",
        "out": "bad",
        "invalidated": "bad",
        "review": "open",
        "conditional": "open",
        "indeterminate": "open",
        "tied": "open",
        "unsure": "open",
    }
    return tones.get(outcome, "plain")
