"""Suite `items`: whether the benchmark's items are fit to be scored, task by task."""

from checks.expectations.check import Check
from checks.records.record import Text

CHECKS: tuple[Check, ...] = (
    Check(
        "items",
        "answers-possible",
        "hard",
        Text(ko="모든 문항에 가능한 정답이 있다", en="every item has an answer, and one that can be chosen"),
        "own checks of items",
        high=0,
    ),
    Check(
        "items",
        "choices-distinct",
        "hard",
        Text(ko="한 문항의 보기가 서로 다르다", en="the choices of an item differ"),
        "own checks of items",
        high=0,
    ),
    Check(
        "items",
        "duplicates",
        "soft",
        Text(ko="같은 문항이 반복되지 않는다", en="items are not repeated"),
        "own checks of items; equal in letters, digits, choices and pictures",
        high="item_duplicates_max",
    ),
    Check(
        "items",
        "near-duplicates",
        "soft",
        Text(ko="거의 같은 문항이 반복되지 않는다", en="items are not nearly repeated"),
        "own checks of items; MinHash of runs of five letters, estimated likeness of at least 0.8",
        high="item_near_duplicates_max",
    ),
    Check(
        "items",
        "few-shot-leak",
        "hard",
        Text(ko="예시 문항이 평가 문항과 겹치지 않는다", en="no few-shot example is a test item"),
        "own checks of items; equal in letters, digits, choices and pictures",
        high=0,
    ),
    Check(
        "items",
        "answer-position",
        "soft",
        Text(ko="정답의 위치가 치우치지 않았다", en="the answers' positions are not lopsided"),
        "chi-square p < 1e-3 and effect size w; with a thousand items of four choices one option at 32 % is found",
        high="answer_position_max",
        seen=Text(ko="효과 크기 w = {value:.3f}", en="effect size w = {value:.3f}"),
    ),
)
