"""What counts by its day: late evidence, appeals in and after their window, rules that were changed while a round ran."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.contracts.acts import read_appeals, read_late_evidence
from checks.contracts.errors import InputFault
from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.rules.decision import decide
from tests.checks.rounds import f1_round, f1_tables, inputs_of
from tests.checks.test_panel_rules import CITED, HEAD, statuses, with_acts, words

APPEALS = {
    "file": "appeals.csv",
    "opened": "2026-01-15",
    "window_days": 10,
    "grounds": ["evaluator-error", "misreading", "agency-error"],
    "original_panel": "excluded",
    "pending": "stands",
    **CITED,
}


def appealed(filed_on: str, team: str = "d", result: str = "pass", ground: str = "misreading", **rule: Any) -> Decision:
    """The first round as it happened, and one appeal."""
    rules = f1_round() | {"appeals": {**APPEALS, **rule}}
    appeal = {"team": team, "gate": "independence", "ground": ground, "filed_on": filed_on, "result": result}
    signed = {"reason": "다시 판단", "signed_by": "Q1", "second_signature": "Q2", "evidence": "appeal.pdf"}
    inputs = inputs_of(rules, f1_tables(), [("d", "independence", "fail")])
    return decide(with_acts(inputs, appeals=[appeal | signed]))


def test_an_appeal_on_day_nine_that_an_independent_panel_grants_reverses_the_gate() -> None:
    decision = appealed("2026-01-24")
    assert statuses(decision)["d"] == ("advances", None) and statuses(decision)["e"] == (
        "eliminated",
        "eliminate_bottom",
    )
    assert decision.vacancies == 0
    result = next(each for each in decision.standings if each.team == "d").gate_results[0]
    assert (result.own, result.result, result.effect) == ("pass", "pass", "pass")
    assert "The panel ruled fail" in words(decision, "d", "ruling"), "what was ruled before stays in the chain"
    assert "changes fail to pass. Reason: 다시 판단 Signed: Q1, Q2" in words(decision, "d", "appeal")


@pytest.mark.parametrize(
    ("filed_on", "ground", "heard"),
    [
        ("2026-01-25", "misreading", True),
        ("2026-01-26", "misreading", False),
        ("2026-01-14", "misreading", False),
        ("2026-01-20", "budget", False),
    ],
)
def test_only_an_appeal_in_time_and_on_an_admissible_ground_is_heard(filed_on: str, ground: str, heard: bool) -> None:
    decision = appealed(filed_on, ground=ground)
    assert statuses(decision)["d"][0] == ("advances" if heard else "eliminated")
    assert ("is rejected" in words(decision, "d", "appeal")) != heard


def test_a_dismissed_appeal_upholds_and_a_pending_one_does_what_the_rules_say() -> None:
    assert statuses(appealed("2026-01-20", result="dismissed"))["d"] == ("eliminated", "independence")
    assert statuses(appealed("2026-01-20", result="pending"))["d"] == ("eliminated", "independence")
    assert statuses(appealed("2026-01-20", result="pending", pending="review"))["d"] == ("review", None)
    assert "is pending" in words(appealed("2026-01-20", result="pending"), "d", "appeal")


def test_who_signed_the_ruling_cannot_sit_on_its_appeal(tmp_path: Path) -> None:
    path = tmp_path / "appeals.csv"
    row = "d,independence,misreading,2026-01-20,pass,다시 판단"
    path.write_text(f"team,gate,ground,filed_on,result,{HEAD}\n{row},Q1,ｐ2\n", encoding="utf-8")
    assert read_appeals(path, ["d"], ["independence"], {})[0].result == "pass"
    with pytest.raises(InputFault, match="somebody who did not sign the ruling"):
        read_appeals(path, ["d"], ["independence"], {("d", "independence"): ("P1", "P2")})
    path.write_text(f"team,gate,ground,filed_on,result,{HEAD}\n{row},Q1,Q2\n{row},Q1,Q2\n", encoding="utf-8")
    with pytest.raises(InputFault, match="a second appeal"):
        read_appeals(path, ["d"], ["independence"], {})
    path.write_text(f"team,gate,ground,filed_on,result,{HEAD}\nd,origin,x,2026-01-20,pass,r,Q1,Q2\n", encoding="utf-8")
    with pytest.raises(InputFault, match="'origin'"):
        read_appeals(path, ["d"], ["independence"], {})


def test_late_evidence_is_on_record_and_changes_nothing() -> None:
    rules = f1_round() | {"freeze": {"rules": "2026-01-05", "evidence": "2026-01-10", **CITED}}
    inputs = inputs_of(rules, f1_tables(), [("d", "independence", "fail")])
    late = [{"team": "d", "received_on": "2026-01-14", "sha256": "ab" * 32, "title": "소명서"}]
    decision, without = decide(with_acts(inputs, late_evidence=late)), decide(inputs)
    assert statuses(decision) == statuses(without)
    told = words(decision, "d", "late_evidence")
    assert (
        "received on 2026-01-14, after evidence was frozen on 2026-01-10" in told and "admissible in an appeal" in told
    )
    reason = next(each for each in decision.standings[3].reasons if each.rule == "late_evidence")
    assert reason.evidence == [f"sha256:{'ab' * 32}"]


@pytest.mark.parametrize(
    ("row", "words_"),
    [
        ("d,2026-01-10," + "ab" * 32 + ",t", "a day after the freeze"),
        ("d,2026-01-14,abc,t", "64 hexadecimal digits"),
        ("z,2026-01-14," + "ab" * 32 + ",t", "'z'"),
    ],
)
def test_late_evidence_that_is_not_late_or_has_no_hash_is_refused(tmp_path: Path, row: str, words_: str) -> None:
    from datetime import date

    path = tmp_path / "late.csv"
    path.write_text(f"team,received_on,sha256,title\n{row}\n")
    with pytest.raises(InputFault, match=words_):
        read_late_evidence(path, ["d"], date(2026, 1, 10))


def test_a_rule_that_takes_effect_after_the_freeze_is_refused() -> None:
    rules = f1_round() | {"freeze": {"rules": "2026-01-05", "evidence": "2026-01-10", **CITED}, "appeals": APPEALS}
    Round.model_validate(rules)
    with pytest.raises(ValidationError, match="in force by the freeze of 2026-01-05; appeals from 2026-01-14"):
        Round.model_validate({**rules, "appeals": {**APPEALS, "effective": "2026-01-14"}})
