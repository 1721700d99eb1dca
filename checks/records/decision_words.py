"""What a decision's words are called in Korean and English, wherever they are shown: statuses, gates' results, rules and parts.

>>> named("benchmark.common").en
'Common'
"""

from typing import Literal

from checks.records.decisions import GateOutcome, Status
from checks.records.record import Text

STATUSES: dict[Status, Text] = {
    "advances": Text(ko="진출", en="Advances"),
    "eliminated": Text(ko="탈락", en="Out"),
    "review": Text(ko="심의", en="In review"),
    "withdrawn": Text(ko="철회", en="Withdrawn"),
    "invalidated": Text(ko="무효", en="Invalidated"),
}

GATE_RESULTS: dict[GateOutcome, Text] = {
    "pass": Text(ko="통과", en="Pass"),
    "fail": Text(ko="불통과", en="Fail"),
    "conditional": Text(ko="조건부", en="Conditional"),
    "indeterminate": Text(ko="판정 보류", en="Indeterminate"),
}

EFFECTS: dict[Literal["pass", "review", "eliminate"], Text] = {
    "pass": Text(ko="영향 없음", en="no effect"),
    "review": Text(ko="심의로", en="to review"),
    "eliminate": Text(ko="탈락", en="out"),
}

#: The signs that Korean forms use; every one of them is in the common Korean fonts.
STATUS_SIGNS: dict[Status, str] = {
    "advances": "○",
    "eliminated": "×",
    "review": "△",
    "withdrawn": "–",
    "invalidated": "×",
}
GATE_SIGNS: dict[GateOutcome, str] = {"pass": "○", "fail": "×", "conditional": "△", "indeterminate": "?"}

#: The rules' own names, and ids that programmes commonly give to parts and gates; any other id is shown as it is.
PARTS: dict[str, Text] = {
    "benchmark": Text(ko="벤치마크", en="Benchmark"),
    "agency": Text(ko="기관 평가", en="Agency"),
    "common": Text(ko="공통", en="Common"),
    "individual": Text(ko="개별", en="Individual"),
    "expert": Text(ko="전문가", en="Experts"),
    "user": Text(ko="이용자", en="Users"),
    "independence": Text(ko="독자성", en="Independence"),
    "data-quality": Text(ko="데이터 품질", en="Data quality"),
    "eliminate_bottom": Text(ko="하위 탈락 규칙", en="Bottom-of-the-table rule"),
    "total": Text(ko="총점", en="Total"),
    "without_the_gate": Text(ko="관문이 없었다면", en="Had the gate not counted"),
    "withdrawn": Text(ko="철회", en="Withdrawn"),
    "ruling": Text(ko="위원회 결정", en="The panel's ruling"),
    "data_quality": Text(ko="데이터 품질", en="Data quality"),
    "architecture": Text(ko="구조의 공유", en="Architecture in common"),
    "tokenizer": Text(ko="토크나이저의 공유", en="Tokenizer in common"),
    "evidence": Text(ko="학습 증거", en="Training evidence"),
    "appeal": Text(ko="이의신청", en="Appeal"),
    "waiver": Text(ko="면제", en="Waiver"),
    "adjustment": Text(ko="가점·감점", en="Bonus or penalty"),
    "late_evidence": Text(ko="늦은 자료", en="Late evidence"),
    "advance_top": Text(ko="상위 진출 규칙", en="Best-of-the-table rule"),
    "wildcard": Text(ko="추가 진출", en="Wildcard"),
    "reserve": Text(ko="예비 순위", en="Reserve list"),
    "invalidation": Text(ko="무효", en="Invalidation"),
    "tie_break": Text(ko="동점 순서", en="Order of equals"),
    "evidence_complete": Text(ko="제출 자료", en="Evidence handed in"),
    "licence": Text(ko="라이선스", en="Licence"),
    "panel_majority": Text(ko="위원 표결", en="Panel's vote"),
    "threshold": Text(ko="최저 점수", en="Threshold"),
    "baseline": Text(ko="기준 모델 대비", en="Against a baseline"),
}


def named(identifier: str, names: dict[str, Text] = PARTS) -> Text:
    """The words for an id; for an unknown one the id itself. Of `benchmark.common` the last part is named."""
    last = identifier.rsplit(".", 1)[-1]
    return names.get(identifier) or names.get(last) or Text(ko=last, en=last)
