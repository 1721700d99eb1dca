"""What findings mean under a policy: the order undeclared, declared and licensed, by relation; evidence; licences."""

from typing import Any

import pytest

from checks.contracts.loading import load_policy
from checks.contracts.policy import Policy
from checks.contracts.submission import Component
from checks.policy.data_quality import judge_data_quality
from checks.policy.independence import IndependenceCase, judge_independence
from checks.policy.licences import licence_standing
from checks.policy.outcomes import worst
from checks.records.lineage import ArchitectureFinding, ChainFinding, ComponentFinding, ReferenceFinding, Trace
from checks.records.quality import ExpectationResult
from checks.records.record import Text

SHIPPED = ("from-scratch", "licensed-reuse", "advisory")
WORDS = Text(ko="설명", en="words")


def component(
    verdict: str, relation: str | None = None, name: str = "vision_tower", share: float = 0.3
) -> ComponentFinding:
    found = {"component": name, "verdict": verdict, "relation": relation, "share_of_parameters": share}
    return ComponentFinding.model_validate({**found, "explanation": WORDS})


def trace(*components: ComponentFinding, chain: str | None = "supported", shared: bool = False) -> Trace:
    reference = ReferenceFinding(
        reference="globe",
        verdict="independent",
        components=list(components),
        architecture=ArchitectureFinding(same_family=shared, tokenizer_shared=1.0 if shared else None),
    )
    links = [] if chain is None else [_link(name, chain) for name in ("language_model", "vision_tower")]
    return Trace(subject="s", verdict="independent", seconds=1.0, bytes_read=1, references=[reference], chain=links)


def _link(name: str, result: str) -> ChainFinding:
    return ChainFinding.model_validate({"component": name, "result": result, "explanation": WORDS})


def borrowed(control: str = "kept", licence: str | None = "Apache-2.0", reference: str = "globe") -> Component:
    return Component.model_validate(
        {"id": "vision_tower", "origin": "borrowed", "reference": reference, "licence": licence, "control": control}
    )


SCRATCH = Component.model_validate({"id": "vision_tower", "origin": "from-scratch"})


def quality(**outcomes: str) -> list[ExpectationResult]:
    """One result for each suite; a suite that is not named passed."""
    suites = {"training_log": "pass", "checkpoints": "pass", **outcomes}
    common: dict[str, Any] = {
        "check": "c",
        "subject": "",
        "severity": "hard",
        "observed": "",
        "expected": "",
        "rows": 1,
    }
    return [
        ExpectationResult.model_validate({**common, "suite": suite, "outcome": outcome, "text": WORDS})
        for suite, outcome in suites.items()
    ]


def judged(policy: Policy, found: Trace, declared: Component, results: list[ExpectationResult] | None = None) -> str:
    licences = {"globe": "Apache-2.0", "closed": "CC-BY-NC-4.0"}
    case = IndependenceCase(found, [declared], quality() if results is None else results, licences)
    return judge_independence(case, policy)[0]


DERIVED = trace(component("derived", "fine-tuned"))
CASES: dict[str, tuple[Trace, Component, dict[str, str]]] = {
    "clean and proven": (trace(component("independent")), SCRATCH, {"from-scratch": "pass", "licensed-reuse": "pass"}),
    "derived, not declared": (DERIVED, SCRATCH, {"from-scratch": "fail", "licensed-reuse": "fail"}),
    "derived, declared, licensed, control kept": (
        DERIVED,
        borrowed(),
        {"from-scratch": "fail", "licensed-reuse": "pass"},
    ),
    "declared, control lost": (DERIVED, borrowed("lost"), {"from-scratch": "fail", "licensed-reuse": "fail"}),
    "declared, licence denied": (
        DERIVED,
        borrowed(licence="CC-BY-NC-4.0"),
        {"from-scratch": "fail", "licensed-reuse": "fail"},
    ),
    "declared, licence on neither list": (
        DERIVED,
        borrowed(licence="LicenseRef-own"),
        {"from-scratch": "fail", "licensed-reuse": "conditional"},
    ),
    "declared from another than it came from": (
        DERIVED,
        borrowed(reference="elsewhere"),
        {"from-scratch": "fail", "licensed-reuse": "fail"},
    ),
    "cannot be decided": (
        trace(component("indeterminate")),
        SCRATCH,
        {"from-scratch": "indeterminate", "licensed-reuse": "indeterminate"},
    ),
    "the same initial weights": (
        trace(component("indeterminate", "shared-initialisation")),
        SCRATCH,
        {"from-scratch": "indeterminate", "licensed-reuse": "indeterminate"},
    ),
    "a declared part that nothing was tested on": (
        trace(component("independent", name="language_model")),
        SCRATCH,
        {"from-scratch": "indeterminate", "licensed-reuse": "indeterminate"},
    ),
    "architecture and tokenizer in common": (
        trace(component("independent"), shared=True),
        SCRATCH,
        {"from-scratch": "pass", "licensed-reuse": "pass"},
    ),
    "no checkpoints": (
        trace(component("independent"), chain=None),
        SCRATCH,
        {"from-scratch": "conditional", "licensed-reuse": "conditional"},
    ),
    "a chain that does not hold": (
        trace(component("independent"), chain="contradicted"),
        SCRATCH,
        {"from-scratch": "fail", "licensed-reuse": "fail"},
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("policy", SHIPPED)
def test_shipped_policies(name: str, policy: str) -> None:
    found, declared, outcomes = CASES[name]
    assert judged(load_policy(policy), found, declared) == outcomes.get(policy, "pass")


def test_one_finding_among_many_is_enough() -> None:
    found = trace(component("independent", name="language_model"), component("derived", "copied"))
    assert judged(load_policy("from-scratch"), found, SCRATCH) == "fail"


def test_no_trace_is_no_pass() -> None:
    case = IndependenceCase(None, [SCRATCH], quality(), {})
    assert {judge_independence(case, load_policy(name))[0] for name in SHIPPED} == {"indeterminate"}


@pytest.mark.parametrize(("outcome", "result"), [("conditional", "conditional"), ("fail", "fail")])
@pytest.mark.parametrize("suite", ["training_log", "checkpoints"])
def test_evidence_missing_is_conditional_and_contradicted_fails(suite: str, outcome: str, result: str) -> None:
    found = trace(component("independent"))
    assert judged(load_policy("from-scratch"), found, SCRATCH, quality(**{suite: outcome})) == result
    assert judged(load_policy("advisory"), found, SCRATCH, quality(**{suite: outcome})) == "pass"


def test_evidence_is_not_asked_for_a_borrowed_part() -> None:
    found = trace(component("derived", "copied"), chain=None)
    assert judged(load_policy("licensed-reuse"), found, borrowed(), quality(training_log="fail")) == "pass"


def with_independence(**changed: Any) -> Policy:
    raw = load_policy("from-scratch").model_dump(mode="json", by_alias=True, exclude_none=True)
    raw["independence"] |= changed
    return Policy.model_validate(raw)


def test_a_derived_part_below_the_share_that_counts_is_only_noted() -> None:
    policy = with_independence(minimum_share_of_parameters="0.3")
    assert judged(policy, trace(component("derived", "copied", share=0.29)), SCRATCH) == "pass"
    assert judged(policy, trace(component("derived", "copied", share=0.31)), SCRATCH) == "fail"


def test_overrides_hold_for_their_component_and_only_what_they_say() -> None:
    policy = with_independence(components={"vision_tower": {"undeclared": "conditional"}})
    assert judged(policy, DERIVED, SCRATCH) == "conditional"
    language = trace(component("independent"), component("derived", "fine-tuned", name="language_model"))
    assert judged(policy, language, SCRATCH) == "fail"
    assert judged(policy, trace(component("indeterminate")), SCRATCH) == "indeterminate"


def test_relations_have_results_of_their_own() -> None:
    policy = with_independence(derived={"merged": "conditional", "default": "fail"})
    lost = borrowed("lost")
    assert judged(policy, trace(component("derived", "merged")), lost) == "conditional"
    assert judged(policy, trace(component("derived", "copied")), lost) == "fail"
    assert judged(policy, trace(component("derived", None)), lost) == "fail"


def test_the_references_own_licence_counts_beside_the_declared_one() -> None:
    found = trace(component("derived", "copied"))
    case = IndependenceCase(found, [borrowed()], quality(), {"globe": "CC-BY-NC-4.0"})
    assert judge_independence(case, load_policy("licensed-reuse"))[0] == "fail"


@pytest.mark.parametrize(
    ("expression", "standing"),
    [
        ("MIT", "allowed"),
        ("MIT OR CC-BY-NC-4.0", "allowed"),
        ("MIT AND CC-BY-NC-4.0", "denied"),
        ("mit AND cc-by-nc-4.0", "denied"),
        ("mit", "allowed"),
        ("MIT AND LicenseRef-own", "unknown"),
        ("LicenseRef-own OR CC-BY-NC-4.0", "unknown"),
        ("(MIT OR LicenseRef-own) AND Apache-2.0", "allowed"),
        ("MIT AND", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_licence_expressions(expression: str | None, standing: str) -> None:
    assert licence_standing(expression, load_policy("from-scratch").licences) == standing


def test_data_quality_hard_fails_soft_is_conditional_nothing_at_all_is_neither() -> None:
    policy = load_policy("from-scratch")
    outcomes = {"fail": "fail", "conditional": "conditional", "pass": "pass"}
    for outcome, result in outcomes.items():
        assert judge_data_quality(quality(sample=outcome), policy)[0] == result
        assert judge_data_quality(quality(sample=outcome), load_policy("advisory"))[0] == "pass"
    assert judge_data_quality([], policy)[0] == judge_data_quality(None, policy)[0] == "indeterminate"


def test_the_worst_counts_and_nothing_is_no_pass() -> None:
    assert worst(["pass", "conditional", "indeterminate"]) == "indeterminate"
    assert worst(["fail", "indeterminate"]) == "fail"
    assert worst([]) == "indeterminate"
