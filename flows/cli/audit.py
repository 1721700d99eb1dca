"""`gwanmun audit`: the data-quality checks on one submission, no programme needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from flows.cli.answers import console, only_the_answer, print_json, table
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption
from flows.cli.progress import progress_shown

if TYPE_CHECKING:
    from rich.table import Table

    from checks.records.quality import ExpectationResult, QualityReport

_OUTCOMES = {"pass": ("통과", "green"), "conditional": ("조건부", "yellow"), "fail": ("위반", "red")}


def audit(
    submission: Annotated[
        Path, typer.Argument(metavar="SUBMISSION.yaml", help="The submission's file, or the folder it is in.")
    ],
    suite: Annotated[
        Path | None,
        typer.Option(metavar="SUITE.yaml", help="Look for this suite's items in the corpus sample (contamination)."),
    ] = None,
    fail_on: Annotated[Literal["fail"] | None, typer.Option(help="Exit with 1 where the verdict is fail.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold one submission's evidence against itself.

    Manifest, corpus inventory, corpus sample, training log and checkpoints; no programme is needed. What was not handed
    in is `conditional`: not proven, and no pass. Broken lines of a corpus are counted findings; a model or a file that
    cannot be read is exit code 2. With --suite, contamination of the corpus sample by the suite's items is looked for,
    item by item; what is absent from a sample may still be in the corpus.
    """
    from checks.contracts.loading import load_submission, load_suite
    from checks.expectations.decide import overall
    from tasks.benchmark import text_losses
    from tasks.data_quality.audit import audit as audited

    with only_the_answer(), progress_shown() as progress:
        loaded = load_submission(submission / "submission.yaml" if submission.is_dir() else submission)
        items = []
        if suite is not None:
            from flows.benchmark_items import benchmark_items

            items = benchmark_items([load_suite(suite)])
        report = audited(loaded, items, progress=progress, losses=text_losses)
    team, verdict = loaded.submission.team, overall(report.results)
    if as_json:
        print_json(_document(team, verdict, report))
    else:
        _print(team, verdict, report)
    if fail_on == verdict:
        raise typer.Exit(FOUND)


def _document(team: str, verdict: str, report: QualityReport) -> dict[str, Any]:
    return {
        "team": team,
        "verdict": verdict,
        "contamination": {
            "items": report.items_scanned,
            "flagged": [item.model_dump(mode="json") for item in report.contaminated],
        },
        "checks": [_check(result) for result in report.results],
    }


def _check(result: ExpectationResult) -> dict[str, Any]:
    return {
        "check": f"{result.suite}.{result.check}",
        "subject": result.subject,
        "success": result.outcome == "pass",
        "outcome": result.outcome,
        "severity": result.severity,
        "observed": result.observed,
        "expected": result.expected,
        "rows": result.rows,
        "examples": result.examples,
        "text": result.text.model_dump(),
    }


def _print(team: str, verdict: str, report: QualityReport) -> None:
    from rich.text import Text

    terminal = console()
    states = {(each.suite, each.check, each.subject): each.state for each in report.measurements}
    by_state: dict[str, list[ExpectationResult]] = {}
    for result in report.results:
        by_state.setdefault(states.get((result.suite, result.check, result.subject), "measured"), []).append(result)
    measured = by_state.get("measured", [])
    terminal.print(_table(measured))
    for result in measured:
        if result.outcome != "pass":
            examples = f" ({'; '.join(result.examples[:3])})" if result.examples else ""
            terminal.print(f"{result.text.ko}\n{result.text.en}{examples}\n", soft_wrap=True)
    absent = len(by_state.get("not_applicable", []))
    terminal.print(f"해당 없음: 점검 {absent}개 · not applicable: {absent} checks")
    for (korean, english), number in _not_proven(by_state.get("missing", [])).items():
        terminal.print(f"입증되지 않음 – {korean}: 점검 {number}개 · not proven – {english}: {number} checks")
    if report.items_scanned:
        terminal.print(f"{len(report.contaminated)} of {report.items_scanned} benchmark items found in the sample")
    korean, style = _OUTCOMES[verdict]
    terminal.print(Text(f"{team}: {verdict} {korean}", style=f"bold {style}"))


def _table(results: Iterable[ExpectationResult]) -> Table:
    from rich.text import Text

    shown = table("점검 check", "대상 subject", "결과 outcome", "rows>")
    for result in results:
        korean, style = _OUTCOMES[result.outcome]
        outcome = Text(f"{result.outcome} {korean}", style=style)
        shown.add_row(f"{result.suite}.{result.check}", result.subject, outcome, str(result.rows))
    return shown


def _not_proven(results: Iterable[ExpectationResult]) -> dict[tuple[str, str], int]:
    """What was not handed in, Korean and English → how many checks wanted it."""
    from checks.expectations.suites import CHECK_BY_KEY

    wanted = Counter[tuple[str, str]]()
    for result in results:
        needs = CHECK_BY_KEY[f"{result.suite}.{result.check}"].needs
        wanted[(needs.ko, needs.en) if needs is not None else ("증빙 없음", "no evidence")] += 1
    return dict(wanted)
