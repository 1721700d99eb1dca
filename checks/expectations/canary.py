"""A canary: Great Expectations must pass what is right and fail what is wrong, from several threads at once.

It runs before a stage that relies on it; a wrong verdict stops the stage before anybody is judged.
"""

from concurrent.futures import ThreadPoolExecutor

from checks.expectations.long_table import LongRow, Verdicts, WrongVerdict, judge_table

THREADS = 4
_NAN = float("nan")
_INF = float("inf")
_RIGHT = [
    LongRow("a", 0.0, None, 0.0, 1),
    LongRow("b", 1.0, 1.0, None, 5),
    LongRow("c", 0.5, 0.0, 1.0, 2),
]
_WRONG = [
    LongRow("fits", 0.5, 0.0, 1.0, 1),
    LongRow("above", 1.0000001, 0.0, 1.0, 1),
    LongRow("below", -0.1, 0.0, None, 1),
    LongRow("missing", None, None, 1.0, 1),
    LongRow("nan", _NAN, 0.0, None, 1),
    LongRow("infinite", _INF, 0.0, None, 1),
    LongRow("no-rows", 0.5, 0.0, 1.0, 0),
]
_NOTHING = [LongRow("a", None, None, None, 0), LongRow("b", None, None, None, 0)]
_FRAMES: tuple[tuple[list[LongRow], frozenset[str], Verdicts], ...] = (
    (_RIGHT, frozenset("abc"), Verdicts(frozenset(), frozenset())),
    (
        _WRONG,
        frozenset({"fits"}),
        Verdicts(frozenset({"above", "below", "missing", "nan", "infinite", "no-rows"}), frozenset()),
    ),
    (_RIGHT, frozenset("abcd"), Verdicts(frozenset(), frozenset("d"))),
    (_NOTHING, frozenset("ab"), Verdicts(frozenset("ab"), frozenset())),
    ([], frozenset("a"), Verdicts(frozenset(), frozenset("a"))),
)


def canary() -> None:
    """Raises WrongVerdict where a verdict on a table of known outcome is not the known one."""
    judge_table(_RIGHT, frozenset("abc"))  # imports Great Expectations in one thread, not in several
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda frame: judge_table(frame[0], frame[1]), _FRAMES))
    for answer, (table, _, right) in zip(answers, _FRAMES, strict=True):
        if answer != right:
            names = ", ".join(row.check_id for row in table) or "nothing"
            raise WrongVerdict(
                f"Great Expectations judges wrongly on this machine: of the table ({names}) it says {answer}, "
                f"and {right} is right. No data-quality verdict can be trusted; nothing was decided."
            )
