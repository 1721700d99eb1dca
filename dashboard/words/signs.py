"""Results by sign and word, never by colour alone: ○ pass, × fail, △ conditional, ? indeterminate.

The signs are those that Korean forms use; every one of them is in the common Korean fonts.

    >>> STATUS["eliminated"].words.en
    'Out'
"""

from dataclasses import dataclass
from html import escape
from typing import Literal

from checks.records.decision_words import GATE_RESULTS, GATE_SIGNS, STATUS_SIGNS, STATUSES
from checks.records.decisions import GateOutcome, Status
from checks.records.lineage import Verdict
from checks.records.lineage_words import CHAINS, VERDICTS
from checks.records.quality import QualitySuite, Severity
from checks.records.record import Stage, Text
from dashboard.words.language import Language, inline, inline_html

Tone = Literal["good", "bad", "open", "quiet"]


@dataclass(frozen=True)
class Sign:
    """A result: its sign, its words, and the tone that the page may colour it with."""

    sign: str
    words: Text
    tone: Tone

    def line(self, language: Language) -> str:
        """Plain text: `× 탈락 · Out`."""
        return f"{self.sign} {inline(self.words, language)}"

    def chip(self, language: Language) -> str:
        """A small labelled box, as safe HTML."""
        return (
            f'<span class="gw-chip gw-{self.tone}"><span aria-hidden="true">{escape(self.sign)}</span> '
            f"{inline_html(self.words, language)}</span>"
        )


_STATUS_TONES: dict[Status, Tone] = {"advances": "good", "eliminated": "bad", "review": "open", "withdrawn": "quiet"}
_GATE_TONES: dict[GateOutcome, Tone] = {"pass": "good", "fail": "bad", "conditional": "open", "indeterminate": "open"}

STATUS: dict[Status, Sign] = {
    status: Sign(STATUS_SIGNS[status], words, _STATUS_TONES[status]) for status, words in STATUSES.items()
}

GATE: dict[GateOutcome, Sign] = {
    result: Sign(GATE_SIGNS[result], words, _GATE_TONES[result]) for result, words in GATE_RESULTS.items()
}

VERDICT: dict[Verdict, Sign] = {
    "derived": Sign("×", VERDICTS["derived"], "bad"),
    "independent": Sign("○", VERDICTS["independent"], "good"),
    "indeterminate": Sign("?", VERDICTS["indeterminate"], "open"),
    "not_applicable": Sign("–", VERDICTS["not_applicable"], "quiet"),
}

CHAIN: dict[Literal["supported", "missing", "contradicted"], Sign] = {
    "supported": Sign("○", CHAINS["supported"], "good"),
    "missing": Sign("△", CHAINS["missing"], "open"),
    "contradicted": Sign("×", CHAINS["contradicted"], "bad"),
}

QUALITY: dict[Literal["pass", "fail", "conditional"], Sign] = {
    "pass": Sign("○", Text(ko="통과", en="Pass"), "good"),
    "fail": Sign("×", Text(ko="불통과", en="Fail"), "bad"),
    "conditional": Sign("△", Text(ko="조건부", en="Conditional"), "open"),
}

SEVERITY: dict[Severity, Text] = {
    "hard": Text(ko="필수", en="hard"),
    "soft": Text(ko="권고", en="soft"),
}

QUALITY_SUITE: dict[QualitySuite, Text] = {
    "manifest": Text(ko="제출서", en="Manifest"),
    "inventory": Text(ko="말뭉치 목록", en="Corpus inventory"),
    "sample": Text(ko="말뭉치 표본", en="Corpus sample"),
    "training_log": Text(ko="학습 기록", en="Training log"),
    "checkpoints": Text(ko="체크포인트", en="Checkpoints"),
    "items": Text(ko="평가 문항", en="Benchmark items"),
    "results": Text(ko="평가 결과", en="Results"),
}

STAGE: dict[Stage, Text] = {
    "benchmark": Text(ko="벤치마크", en="Benchmark"),
    "independence": Text(ko="독자성", en="Independence"),
    "data-quality": Text(ko="데이터 품질", en="Data quality"),
}
