"""The comparison with the published statistics as Markdown."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.lineage.baselines import BASELINES, alarms
from tests.lineage.side_by_side import DISGUISES, Found, Pair, level

#: (pair) → found or not; None where the method does not apply, which finds nothing.
Finds = Callable[[Pair], bool | None]


def write_tables(path: Path, found: Found, seconds: float) -> None:
    """Everything measured so far."""
    methods, towers = _methods(found.strangers), _methods(found.strange_towers)
    lines = [
        "# The published statistics, side by side",
        "",
        "Written by `make lineage` (`python -m tests.lineage.side_by_side`): small models, really trained, each pair given to",
        "every method. The statistics are written from their papers (`tests/lineage/baselines.py`). k/n: found of n pairs; a",
        f"pair to which a method does not apply counts as not found. {seconds / 60:.0f} minutes of CPU.",
        "",
        "A published statistic finds a pair where its value is above that of every pair of this run that shares nothing: a level",
        "that no user has, and that flatters it. Gwanmun's column is its verdict `derived` as any user gets it.",
        "",
        *_summary(found, methods),
        *_behind(found, methods, towers),
    ]
    for disguise in DISGUISES:
        pairs = [each for each in found.derived if each.disguise == disguise]
        lines += _rows(f"Derivatives, {'as they are' if disguise == 'none' else disguise}", pairs, methods)
    lines += _rows("Vision encoders", found.towers, towers)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _methods(strange: list[Pair]) -> dict[str, Finds]:
    """Gwanmun first."""
    found: dict[str, Finds] = {"Gwanmun": _derived}
    for name in BASELINES:
        found[name] = _above(name, level(name, strange))
    return found


def _above(name: str, limit: float) -> Finds:
    def finds(pair: Pair) -> bool | None:
        score = pair.scores[name]
        return None if score is None else score.value > limit

    return finds


def _summary(found: Found, methods: dict[str, Finds]) -> list[str]:
    strange = found.strangers
    lines = [
        "## All derivatives of decoders, and the price at the published level",
        "",
        "| | found above every pair that shares nothing | level | found at the published level | share nothing, called related |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, finds in methods.items():
        own = [_share(pairs, _published(name)) for pairs in (found.derived, strange)]
        limit = "its own" if name == "Gwanmun" else f"{level(name, strange):.3g}"
        cells = [limit, *(own if any(map(_has_level(name), strange)) else ["–", "–"])]
        lines.append(f"| {name} | {_share(found.derived, finds)} | {' | '.join(cells)} |")
    lines += [
        "",
        "Published levels: p < 0.001 for CSU, MATCH and MDIR (level: -log10 p); three deviations by AWM's own constants, which",
        "come from large models; r of 0.927 for curves of deviations, over three to six layers here. HuRef and REEF have none.",
        "",
    ]
    return lines


def _published(name: str) -> Finds:
    return _derived if name == "Gwanmun" else lambda pair: alarms(name, pair.scores[name])


def _has_level(name: str) -> Callable[[Pair], bool]:
    return lambda pair: _published(name)(pair) is not None


def _derived(pair: Pair) -> bool:
    return pair.verdict == "derived"


def _behind(found: Found, methods: dict[str, Finds], towers: dict[str, Finds]) -> list[str]:
    """Where a published statistic found more than Gwanmun; said, where there is any."""
    lines = []
    for title, pairs, by in (("", found.derived, methods), ("vision encoder, ", found.towers, towers)):
        for row, disguise in dict.fromkeys((pair.row, pair.disguise) for pair in pairs):
            same = [pair for pair in pairs if (pair.row, pair.disguise) == (row, disguise)]
            counts = {name: sum(finds(pair) is True for pair in same) for name, finds in by.items()}
            more = [f"{name} {count}" for name, count in counts.items() if count > counts["Gwanmun"]]
            if more:
                where = f"{title}{row}{', ' + disguise if disguise else ''}"
                lines.append(f"- {where}: Gwanmun {counts['Gwanmun']} of {len(same)}, {', '.join(more)}")
    return ["Rows on which a published statistic found more than Gwanmun:", "", *(lines or ["- none"]), ""]


def _rows(title: str, pairs: list[Pair], methods: dict[str, Finds]) -> list[str]:
    if not pairs:
        return []
    lines = [f"## {title}", "", f"| | n | {' | '.join(methods)} |", "| --- |" + " --- |" * (1 + len(methods))]
    for row in dict.fromkeys(pair.row for pair in pairs):
        same = [pair for pair in pairs if pair.row == row]
        cells = [_count(same, finds) for finds in methods.values()]
        lines.append(f"| {row} | {len(same)} | {' | '.join(cells)} |")
    return [*lines, ""]


def _count(pairs: Sequence[Pair], finds: Finds) -> str:
    """How many are found; a dash where the method applies to none."""
    answers = [finds(pair) for pair in pairs]
    return "–" if all(answer is None for answer in answers) else str(sum(answer is True for answer in answers))


def _share(pairs: Sequence[Pair], finds: Finds) -> str:
    return f"{sum(finds(pair) is True for pair in pairs)}/{len(pairs)}"
