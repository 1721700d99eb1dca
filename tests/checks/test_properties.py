"""What must hold for every round: names carry no weight, more points never hurt, every cut has its number."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.records.decisions import Decision
from checks.rules.decision import decide
from tests.checks.rounds import inputs_of, leaf, rules_over

ORDER = {"eliminated": 0, "review": 1, "advances": 2}
#: Few distinct values, so that ties are common.
VALUES = st.lists(st.sampled_from(["3", "3.5", "4", "7", "9.9"]), min_size=3, max_size=3)
TABLES = st.dictionaries(st.sampled_from("abcdefg"), VALUES, min_size=2)
SELECTS = st.fixed_dictionaries(
    {
        "eliminate_bottom": st.integers(0, 4),
        "scope": st.sampled_from(["all", "eligible"]),
        "quota": st.sampled_from(["additive", "absorbing"]),
        "tie_break": st.sampled_from([[], ["p"], ["q", "p"]]),
    }
)
LEAVES = ("p", "q", "r")
DRAW = {"draw": "a seed", "published_on": "2026-01-01", "source": "a page"}


def decided(tables: dict[str, list[str]], select: dict[str, Any], floor: bool) -> Decision:
    rules = rules_over([leaf(name, 10) for name in LEAVES], "".join(tables), **select)
    if floor:
        rules["gates"] = [{"id": "floor", "check": "threshold", "of": "r", "at_least": 4, "fail": "eliminate"}]
    by_leaf = {name: {team: values[index] for team, values in tables.items()} for index, name in enumerate(LEAVES)}
    return decide(inputs_of(rules, by_leaf))


@given(TABLES, SELECTS, st.booleans(), st.randoms(use_true_random=False))
def test_permuting_the_teams_changes_nothing(
    tables: dict[str, list[str]], select: dict[str, Any], floor: bool, random: Any
) -> None:
    names = list(tables)
    random.shuffle(names)
    shuffled = {name: tables[name] for name in names}
    assert decided(shuffled, select, floor) == decided(tables, select, floor)


@given(TABLES, SELECTS, st.randoms(use_true_random=False))
def test_renaming_the_teams_renames_the_standings_and_no_more(
    tables: dict[str, list[str]], select: dict[str, Any], random: Any
) -> None:
    names = list(tables)
    random.shuffle(names)
    new = dict(zip(tables, names, strict=True))
    straight = {each.team: (each.rank, each.status, each.total) for each in decided(tables, select, True).standings}
    renamed = decided({new[name]: values for name, values in tables.items()}, select, True)
    assert {each.team: (each.rank, each.status, each.total) for each in renamed.standings} == {
        new[name]: standing for name, standing in straight.items()
    }


@given(TABLES, SELECTS, st.randoms(use_true_random=False))
def test_a_draw_leaves_no_tie_and_the_order_of_the_file_means_nothing_to_it(
    tables: dict[str, list[str]], select: dict[str, Any], random: Any
) -> None:
    drawn = {**select, "tie_break": [*select["tie_break"], DRAW]}
    decision = decided(tables, drawn, False)
    assert sorted(each.rank or 0 for each in decision.standings) == list(range(1, len(tables) + 1))
    assert not [each for each in decision.standings if each.status == "review"]
    names = list(tables)
    random.shuffle(names)
    assert decided({name: tables[name] for name in names}, drawn, False) == decision


@given(TABLES, SELECTS, st.integers(0, 2), st.decimals("0.1", 3, places=1), st.data())
def test_more_points_never_worsen_a_teams_standing(
    tables: dict[str, list[str]], select: dict[str, Any], index: int, more: Decimal, data: st.DataObject
) -> None:
    """For the plain rule: no gates, no populations, ties decided by totals alone."""
    team = data.draw(st.sampled_from(sorted(tables)))
    plain = {**select, "tie_break": []}
    raised = {name: list(values) for name, values in tables.items()}
    raised[team][index] = str(min(Decimal(10), Decimal(raised[team][index]) + more))
    before = next(each for each in decided(tables, plain, False).standings if each.team == team)
    after = next(each for each in decided(raised, plain, False).standings if each.team == team)
    assert (after.rank or 0) <= (before.rank or 0) and ORDER[after.status] >= ORDER[before.status]


@given(TABLES, SELECTS, st.booleans())
def test_the_cut_takes_no_more_than_planned_and_gives_a_reason_in_both_languages(
    tables: dict[str, list[str]], select: dict[str, Any], floor: bool
) -> None:
    decision = decided(tables, select, floor)
    assert sum(each.eliminated_by == "eliminate_bottom" for each in decision.standings) <= select["eliminate_bottom"]
    assert decision.vacancies == max(0, 4 - sum(each.status == "advances" for each in decision.standings))
    for standing in decision.standings:
        assert {"total", "eliminate_bottom"} <= {reason.rule for reason in standing.reasons}
        assert all(reason.text.ko and reason.text.en for reason in standing.reasons)


@given(TABLES, st.lists(st.sampled_from(["0.1", "0.2", "0.3", "0.7", "1.1"]), min_size=7, max_size=7))
def test_decimals_never_drift(tables: dict[str, list[str]], small: list[str]) -> None:
    """Ten leaves of a tenth make one point, to the last digit, and in whatever order the leaves stand."""
    parts = [leaf(f"l{index}", "10", max="10") for index in range(len(small))]
    values = {
        team: [small[(index + start) % len(small)] for index in range(len(small))] for start, team in enumerate(tables)
    }

    def totals(order: list[dict[str, Any]]) -> dict[str, str | None]:
        by_leaf = {part["id"]: {team: given[int(part["id"][1:])] for team, given in values.items()} for part in order}
        decision = decide(inputs_of(rules_over(order, "".join(tables), eliminate_bottom=0), by_leaf))
        return {each.team: each.total for each in decision.standings}

    exact = {team: sum(map(Decimal, given)) for team, given in values.items()}
    assert {team: Decimal(total or "0") for team, total in totals(parts).items()} == exact
    assert totals(parts[::-1]) == totals(parts)
