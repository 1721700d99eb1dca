"""Data-quality results → the gate's result."""

from collections.abc import Sequence

from checks.contracts.policy import Policy
from checks.policy.outcomes import finding, worst
from checks.records.decisions import GateOutcome, Reason
from checks.records.quality import ExpectationResult


def judge_data_quality(
    results: Sequence[ExpectationResult] | None, policy: Policy, evidence: Sequence[str] = ()
) -> tuple[GateOutcome, list[Reason]]:
    """The gate's result and its reasons; no results at all are `indeterminate`, never a pass."""
    rule = "data_quality"
    if not results:
        words = ("데이터 품질 점검이 실행되지 않았습니다.", "The data-quality check has not run.")
        return "indeterminate", [finding(rule, "indeterminate", *words)]
    means: dict[str, GateOutcome] = {
        "fail": policy.data_quality.hard,
        "conditional": policy.data_quality.soft,
        "pass": "pass",
    }
    reasons = [
        finding(rule, means[each.outcome], each.text.ko, each.text.en, [*evidence, f"check:{each.suite}.{each.check}"])
        for each in results
        if each.outcome != "pass"
    ]
    passed = sum(each.outcome == "pass" for each in results)
    reasons.append(
        finding(
            rule,
            "pass",
            f"데이터 품질 점검 {len(results)}건 중 {passed}건을 통과했습니다.",
            f"{passed} of {len(results)} data-quality checks passed.",
            evidence,
        )
    )
    return worst(means[each.outcome] for each in results), reasons
