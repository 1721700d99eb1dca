"""What the report rests on, by hash, and how anybody checks it."""

from collections.abc import Iterator

from checks.contracts.disclosure import Audience
from checks.records.canonical import canonical_sha256
from checks.records.record import Text
from tasks.round_report.document import Block, Cell, Column, Facts, Heading, Sentence, Table
from tasks.round_report.source import ReportSource
from tasks.round_report.words import one


def record_blocks(source: ReportSource, reader: Audience) -> Iterator[Block]:
    """Hashes of rules, roster, decision, files and submissions, and the commands that re-check them."""
    yield Heading(Text(ko="기록과 확인", en="The record, and how to check it"))
    round_, decision = source.inputs.round, source.decision
    roster = [{"id": each.id, "withdrawn": str(each.withdrawn or "")} for each in round_.teams]
    facts = [
        (Text(ko="규칙 (SHA-256)", en="Rules (SHA-256)"), Cell.of(decision.rules_sha256, code=True)),
        (Text(ko="참가 명단 (SHA-256)", en="Roster (SHA-256)"), Cell.of(canonical_sha256(roster), code=True)),
    ]
    if reader.shows("hashes"):
        facts.append(
            (Text(ko="결정 (SHA-256)", en="Decision (SHA-256)"), Cell.of(canonical_sha256(decision), code=True))
        )
        ordinal = Text(ko=f"{source.decisions}번째 결정", en=f"number {source.decisions} of this round")
        facts.append((Text(ko="결정의 차례", en="Which decision"), Cell(ordinal)))
    yield Facts(facts)
    if reader.shows("hashes"):
        yield _files(source)
        yield from _submissions(source)
    yield Sentence(
        Text(
            ko="이 결정은 증거 묶음으로 누구나 다시 확인할 수 있습니다. 인터넷, 데이터베이스, 모델이 필요 없습니다:",
            en="Anybody can check this decision from its evidence bundle, without network, database or models:",
        )
    )
    made = f"gwanmun bundle PROGRAMME --round {round_.id} --profile {reader.profile} --out FILE.zip"
    checked = "gwanmun verify FILE.zip --key public.pem"
    yield Facts([(one("1"), Cell.of(made, code=True)), (one("2"), Cell.of(checked, code=True))])


def _files(source: ReportSource) -> Table:
    files = [
        (name.removeprefix("file:"), value)
        for name, value in source.decision.inputs.items()
        if name.startswith("file:")
    ]
    columns = [Column(Text(ko="자료", en="File"), 2), Column(Text(ko="SHA-256", en="SHA-256"), 5)]
    return Table("files", columns, [[Cell.of(name, code=True), Cell.of(value, code=True)] for name, value in files])


def _submissions(source: ReportSource) -> Iterator[Block]:
    rows = []
    for team, runs in sorted(source.runs.items()):
        hashes = {(run.submission_sha256, run.model_sha256) for run in runs}
        for submission, model in sorted(hashes):
            rows.append([Cell(source.name(team), bold=True), Cell.of(submission, code=True), Cell.of(model, code=True)])
    if rows:
        columns = [
            Column(Text(ko="팀", en="Team"), 0.9),
            Column(Text(ko="제출물 (SHA-256)", en="Submission (SHA-256)"), 3),
            Column(Text(ko="모델 (SHA-256)", en="Model (SHA-256)"), 3),
        ]
        yield Table("submissions", columns, rows)
