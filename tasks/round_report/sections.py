"""The report put together: the title with what is to be known at a glance, then its six sections."""

from checks.contracts.disclosure import Audience
from checks.records.canonical import canonical_sha256
from checks.records.record import Text
from tasks.round_report.document import Block, Cell, Document, Facts, Sentence
from tasks.round_report.evidence import evidence_blocks
from tasks.round_report.firmness import firmness_blocks
from tasks.round_report.record import record_blocks
from tasks.round_report.result import reason_blocks, result_blocks, summary
from tasks.round_report.rule_words import rule_blocks
from tasks.round_report.source import ReportSource
from tasks.round_report.words import PROFILES, SIMULATED

#: Enough of a hash to tell documents apart at a glance; the whole stands in the last section.
_SHORT = 16


def round_document(source: ReportSource, reader: Audience) -> Document:
    """The report for this reader. The same decision gives the same document: no time of making stands in it.

    Raises ValueError for a what-if, which is no decision.
    """
    round_, decision = source.inputs.round, source.decision
    if decision.what_if or source.inputs.what_if:
        raise ValueError("a what-if becomes no report")
    marks = [_profile(source, reader)]
    if decision.simulated:
        marks.insert(0, SIMULATED)
    blocks: list[Block] = [
        Facts(
            [
                (Text(ko="차수", en="Round"), Cell(round_.title)),
                (Text(ko="결정일 (UTC)", en="Decided on (UTC)"), Cell.of(source.decided_at.strftime("%Y-%m-%d %H:%M"))),
                (Text(ko="규칙 판", en="Rules version"), Cell.of(decision.rules_version)),
                (Text(ko="공개 범위", en="Disclosed"), Cell(_profile(source, reader))),
            ]
        ),
        Sentence(summary(source), lead=True),
    ]
    blocks += result_blocks(source, reader)
    blocks += reason_blocks(source, reader)
    blocks += firmness_blocks(source, reader)
    blocks += evidence_blocks(source, reader)
    blocks += rule_blocks(source)
    blocks += record_blocks(source, reader)
    sha256 = canonical_sha256(decision) if reader.shows("hashes") else decision.rules_sha256
    kind = "decision" if reader.shows("hashes") else "rules"
    return Document(
        title=source.programme,
        subtitle=Text(ko=f"{round_.title.ko} 결과 보고서", en=f"{round_.title.en}: report of the round"),
        marks=marks,
        footer=f"{decision.programme} · {round_.id} · {kind} {sha256[:_SHORT]}",
        blocks=blocks,
    )


def _profile(source: ReportSource, reader: Audience) -> Text:
    name = PROFILES[reader.profile]
    if reader.team is None:
        return name
    team = source.name(reader.team)
    return Text(ko=f"{name.ko}: {team.ko}", en=f"{name.en}: {team.en}")
