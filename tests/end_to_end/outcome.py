"""What the simulated round must come to, from any seed."""

from checks.records.decisions import Decision, Reason, Standing


def standing(decision: Decision, team: str) -> Standing:
    """The team's standing."""
    return next(each for each in decision.standings if each.team == team)


def reasons(decision: Decision, team: str, rule: str) -> list[Reason]:
    """The team's reasons under one rule."""
    return [each for each in standing(decision, team).reasons if each.rule == rule]


def assert_expected(decision: Decision) -> None:
    """E is out by the bottom-one rule; B is in the top four by points and out by the independence gate; A, C, D advance."""
    status = {each.team: (each.status, each.eliminated_by) for each in decision.standings}
    assert status == {
        "t1": ("advances", None),
        "t2": ("eliminated", "independence"),
        "t3": ("advances", None),
        "t4": ("advances", None),
        "t5": ("eliminated", "eliminate_bottom"),
    }
    assert (decision.places, decision.vacancies) == (4, 1)
    assert decision.simulated and not decision.what_if
    by_points = sorted(decision.standings, key=lambda each: -float(each.total or 0))
    assert [each.rank for each in by_points] == [1, 2, 3, 4, 5], "ranks follow totals, and no total is missing"
    assert "t2" in [each.team for each in by_points[:4]] and by_points[4].team == "t5"
    assert {each.team: each.gates["independence"] for each in decision.standings} == {
        "t1": "pass",
        "t2": "fail",
        "t3": "pass",
        "t4": "pass",
        "t5": "pass",
    }
    (architecture,) = reasons(decision, "t3", "architecture")
    assert architecture.outcome == "pass" and "globe-vl" in architecture.text.en
    blamed = [each for each in reasons(decision, "t2", "independence") if "vision tower" in each.text.en]
    assert [each.outcome for each in blamed] == ["fail"]
