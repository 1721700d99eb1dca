"""Every fault in what a user writes is one message: the file, the key, the line, what was found, what is expected."""

from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_policy, load_programme, load_submission, load_suite
from tests.checks.changed_example import EXAMPLE, changed, line_of

PROGRAMME = "programme.yaml"
AGENCY = "{imported: panels/agency.csv, max: 10}"
#: name: (file, old, new, key, text of the line that the message names, found, expected)
FAULTS: dict[str, tuple[str, str, str, str, str | None, str, str]] = {
    "unknown key": (
        PROGRAMME,
        "    places: 4",
        "    plaecs: 4\n    places: 4",
        "rounds[0].plaecs",
        "plaecs",
        "an unknown key",
        "docs/files.md",
    ),
    "wrong type": (PROGRAMME, "places: 4", "places: four", "rounds[0].places", "places:", "'four'", "a whole number"),
    "yes is no number": (PROGRAMME, "places: 4", "places: yes", "rounds[0].places", "places:", "true", "a number"),
    "date where text is due": (
        PROGRAMME,
        'rules_version: "2026-01-15"',
        "rules_version: 2026-01-15",
        "rounds[0].rules_version",
        "rules_version",
        "2026-01-15",
        "text, in quotes",
    ),
    "scope has no default": (
        PROGRAMME,
        "      scope: all\n",
        "",
        "rounds[0].select.scope",
        "select:",
        "nothing",
        "no default",
    ),
    "quota has no default": (
        PROGRAMME,
        "      quota: additive\n",
        "",
        "rounds[0].select.quota",
        "select:",
        "nothing",
        "no default",
    ),
    "population has no default": (
        PROGRAMME,
        "{population: all}",
        "{}",
        "rounds[0].score.parts[2].from.then.top_scaled.population",
        "top_scaled",
        "nothing",
        "no default",
    ),
    "duplicate team": (PROGRAMME, "{id: b,", "{id: a,", "rounds[0]", "- id: round-1", "twice: a", "different ids"),
    "duplicate gate": (
        PROGRAMME,
        "id: floor,",
        "id: independence,",
        "rounds[0]",
        "- id: round-1",
        "twice: independence",
        "different ids",
    ),
    "duplicate node": (
        PROGRAMME,
        "{id: common, ",
        "{id: agency, ",
        "rounds[0].score.parts[0]",
        "- id: benchmark",
        "twice: agency",
        "different ids",
    ),
    "points do not add up": (
        PROGRAMME,
        "points: 20",
        "points: 19.999",
        "rounds[0].score.parts[0]",
        "- id: benchmark",
        "add up to 39.999",
        "add up to 40",
    ),
    "more points than a person writes": (
        PROGRAMME,
        "points: 20",
        "points: 1e-999999999",
        "rounds[0].score.parts[0].parts[1].points",
        "id: common",
        "1E-999999999",
        "digits",
    ),
    "unknown check": (
        PROGRAMME,
        "check: threshold",
        "check: treshold",
        "rounds[0].gates[1].check",
        "treshold",
        "'treshold'",
        "'threshold'",
    ),
    "gate of no node": (
        PROGRAMME,
        "of: benchmark",
        "of: banchmark",
        "rounds[0]",
        "- id: round-1",
        "'banchmark'",
        "nodes",
    ),
    "tie chain of no node": (
        PROGRAMME,
        "[benchmark, expert]",
        "[benchmark, experts]",
        "rounds[0]",
        "- id: round-1",
        "'experts'",
        "select.tie_break",
    ),
    "leaf of no form": (
        PROGRAMME,
        AGENCY,
        "{import: panels/agency.csv}",
        "rounds[0].score.parts[0].parts[0].from",
        "import:",
        "a mapping",
        "{imported, max}",
    ),
    "both bounds": (
        PROGRAMME,
        "at_least_share: 0.5",
        "at_least_share: 0.5, at_least: 20",
        "rounds[0].gates[1]",
        "id: floor",
        "both",
        "exactly one",
    ),
    "key twice": (PROGRAMME, "places: 4", "places: 4\n    places: 3", "rounds[0].places", "places: 3", "twice", "once"),
    "not YAML": (PROGRAMME, "rounds:", "rounds: [", "", None, "", "valid YAML"),
    "no such policy": (
        PROGRAMME,
        "policy: from-scratch",
        "policy: from-scrap",
        "rounds.round-1.policy",
        "policy:",
        "'from-scrap'",
        "from-scratch",
    ),
    "no suite of that name": (
        PROGRAMME,
        AGENCY,
        "{suite: kmmlu, how: mean, scale: 100}",
        "",
        "version: 1",
        "'kmmlu'",
        "suites",
    ),
    "path outside": (
        PROGRAMME,
        "panels/agency.csv",
        "../agency.csv",
        "rounds.round-1.score.benchmark.agency.from",
        "id: agency",
        "'../agency.csv'",
        "inside this file's folder",
    ),
    "path outside by a detour": (
        PROGRAMME,
        "panels/agency.csv",
        "panels/../../agency.csv",
        "rounds.round-1.score.benchmark.agency.from",
        "id: agency",
        "agency.csv",
        "inside this file's folder",
    ),
    "path that is none": (
        PROGRAMME,
        "panels/agency.csv",
        '"panels/\\0.csv"',
        "rounds.round-1.score.benchmark.agency.from",
        "id: agency",
        "null byte",
        "a path",
    ),
    "path too long": (
        PROGRAMME,
        "panels/agency.csv",
        "n" * 300,
        "rounds.round-1.score.benchmark.agency.from",
        "id: agency",
        "too long",
        "a path",
    ),
    "missing panel": (
        PROGRAMME,
        "panels/agency.csv",
        "panels/agencies.csv",
        "",
        None,
        "no such file",
        "a CSV table",
    ),
    "panel of an unknown team": ("panels/agency.csv", "e,7.6", "g,7.6", "team", "g,7.6", "'g'", "one of a, b"),
    "panel without a team": ("panels/agency.csv", "e,7.6\n", "", "team e", None, "no value", "one for every team"),
    "panel over its maximum": ("panels/agency.csv", "a,9.2", "a,10.01", "value", "a,10.01", "'10.01'", "from 0 to 10"),
    "panel below zero": ("panels/agency.csv", "a,9.2", "a,-0.1", "value", "a,-0.1", "'-0.1'", "from 0 to 10"),
    "panel of no number": ("panels/agency.csv", "a,9.2", "a,NaN", "value", "a,NaN", "'NaN'", "from 0 to 10"),
    "panel with a team twice": ("panels/agency.csv", "b,8.6", "a,8.6", "team", "a,8.6", "'a' twice", "once"),
    "panel with another column": (
        "panels/agency.csv",
        "team,value",
        "team,points",
        "value",
        "team,points",
        "points",
        "value",
    ),
    "panel with a short row": ("panels/agency.csv", "a,9.2", "a", "", None, "1 cells", "2"),
    "rater twice": (
        "panels/user.csv",
        "a,U02,",
        "a,U01,",
        "rater",
        None,
        "'U01' twice for 'a'",
        "one row each",
    ),
    "rater leaves out a criterion": (
        "panels/expert.csv",
        "a,E01,strategy,9\n",
        "",
        "criterion",
        None,
        "left out strategy for 'a'",
        "every criterion",
    ),
    "ruling on no gate": (
        "panels/rulings.csv",
        "a,independence,",
        "a,indep,",
        "gate",
        "a,indep,",
        "'indep'",
        "independence",
    ),
    "ruling signed by one person": (
        "panels/rulings.csv",
        "P01,P03",
        "P03, p03",
        "second_signature",
        "p03",
        "'p03'",
        "another",
    ),
    "ruling without a reason": (
        "panels/rulings.csv",
        "구조만 같고 가중치는 다름 / the architecture is shared and the weights are not",
        "",
        "reason",
        "c,independence",
        "an empty cell",
        "a value",
    ),
    "second ruling": (
        "panels/rulings.csv",
        "b,independence,fail",
        "a,independence,fail",
        "gate",
        "a,independence,fail",
        "a second ruling",
        "one",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_message_with_file_key_line_found_and_expected(name: str, tmp_path: Path) -> None:
    file, old, new, key, at, found, expected = FAULTS[name]
    programme = changed(tmp_path, file, old, new)
    with pytest.raises(InputFault) as raised:
        load_programme(programme)
    fault = raised.value
    named = "panels/agencies.csv" if name == "missing panel" else file
    assert fault.file.endswith(named) and "\n" not in fault.message
    assert fault.key == key, fault.message
    assert found in fault.found and expected in fault.expected, fault.message
    if at is not None:
        assert fault.line == line_of(Path(fault.file), at), fault.message


def test_the_unchanged_example_loads() -> None:
    loaded = load_programme(EXAMPLE)
    assert loaded.round().places == 4 and loaded.policies["round-1"].policy == "from-scratch"


def test_a_gate_on_points_that_depend_on_who_is_out_is_refused(tmp_path: Path) -> None:
    programme = changed(tmp_path, PROGRAMME, "{population: all}", "{population: eligible}")
    load_programme(programme)
    twin = programme.read_text("utf-8").replace("of: benchmark", "of: user")
    programme.write_text(twin, encoding="utf-8")
    with pytest.raises(InputFault, match="does not depend on `population: eligible`"):
        load_programme(programme)


def test_too_few_raters_recused_ones_not_counted(tmp_path: Path) -> None:
    load_programme(changed(tmp_path, PROGRAMME, "min_raters: 3", "min_raters: 9"))
    twin = changed(tmp_path / "twin", PROGRAMME, "min_raters: 3", "min_raters: 10")
    with pytest.raises(InputFault, match=r"expert\.csv: team c: found 9 counted raters, expected at least 10"):
        load_programme(twin)


def test_a_roster_of_an_unknown_team_is_refused_unless_it_brings_the_teams_value(tmp_path: Path) -> None:
    programme = changed(tmp_path, PROGRAMME, "{population: all}", "{population: {frozen: panels/roster.csv}}")
    roster = programme.parent / "panels" / "roster.csv"
    roster.write_text("team,value\na,\nzz,24.5\n")
    load_programme(programme)
    roster.write_text("team,value\na,\nzz,\n")
    with pytest.raises(InputFault, match=r"roster\.csv:3: team: found 'zz'"):
        load_programme(programme)


def test_a_round_with_nothing_left_to_rank_by_is_refused(tmp_path: Path) -> None:
    programme = tmp_path / "programme.yaml"
    (tmp_path / "a.csv").write_text("team,value\nx,3\n")
    head, tail = (EXAMPLE / PROGRAMME).read_text("utf-8").split("    teams:")[0], "eliminate_bottom: 1, scope: all"
    programme.write_text(
        f"{head}    teams:\n      - {{id: x, name: {{ko: 가, en: X}}}}\n      - {{id: y, name: {{ko: 나, en: Y}}}}\n"
        "    score: {points: 5, parts: [{id: a, points: 5, from: {imported: a.csv, max: 5, missing: exclude_for_all}}]}\n"
        f"    select: {{{tail}, quota: additive}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputFault, match="every leaf left out"):
        load_programme(programme)
    (tmp_path / "a.csv").write_text("team,value\nx,3\ny,4\n")
    load_programme(programme)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    programme = changed(tmp_path, PROGRAMME, "panels/agency.csv", "panels/linked.csv")
    outside = tmp_path / "outside.csv"
    outside.write_text((EXAMPLE / "panels" / "agency.csv").read_text())
    link = programme.parent / "panels" / "linked.csv"
    link.symlink_to(outside)
    with pytest.raises(InputFault, match="a link that leaves the folder"):
        load_programme(programme)
    link.unlink()
    link.symlink_to("agency.csv")
    load_programme(programme)
    text = programme.read_text("utf-8").replace("panels/linked.csv", str(outside))
    programme.write_text(text, encoding="utf-8")
    with pytest.raises(InputFault, match="allow_outside"):
        load_programme(programme)
    programme.write_text(text.replace("version: 1\n", "version: 1\nallow_outside: true\n"), encoding="utf-8")
    load_programme(programme)


def test_a_link_to_itself_is_a_fault_and_no_endless_walk(tmp_path: Path) -> None:
    programme = changed(tmp_path, PROGRAMME, "panels/agency.csv", "panels/loop.csv")
    (programme.parent / "panels" / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(InputFault, match=r"loop\.csv"):
        load_programme(programme)


def test_a_file_of_aliases_that_unfold_without_end_is_refused(tmp_path: Path) -> None:
    layers = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    bomb = tmp_path / "suite.yaml"
    bomb.write_text("\n".join(layers))
    with pytest.raises(InputFault, match="once aliases unfold"):
        load_suite(bomb)
    bomb.write_text("a: &a [*a]")
    with pytest.raises(InputFault, match="contains itself"):
        load_suite(bomb)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_tables_are_read_as_utf8_with_or_without_mark_and_as_korean_excel_writes_them(
    encoding: str, tmp_path: Path
) -> None:
    programme = changed(tmp_path, "panels/rulings.csv", "P01,P03", "홍길동,임꺽정")
    table = programme.parent / "panels" / "rulings.csv"
    table.write_bytes(table.read_text("utf-8").replace("\n", "\r\n").encode(encoding))
    loaded = load_programme(programme)
    ruling = next(each for each in loaded.rulings(loaded.round()) if each.team == "d")
    assert (ruling.signed_by, ruling.second_signature) == ("홍길동", "임꺽정")


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    programme = changed(tmp_path, "panels/agency.csv", "team,value", "team,value")
    table = programme.parent / "panels" / "agency.csv"
    table.write_bytes(table.read_text("utf-8").encode("utf-16"))
    with pytest.raises(InputFault, match="UTF-8 or CP949"):
        load_programme(programme)


def test_a_suite_and_a_submission_by_themselves(tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    suite.write_text("version: 1\nsuite: s\ntasks:\n  - {id: a, use: tasks/a.yaml}\n")
    with pytest.raises(InputFault, match=r"suite\.yaml:4: tasks\[0\]\.use: found 'tasks/a\.yaml', no such file"):
        load_suite(suite)
    submission = tmp_path / "submission.yaml"
    text = (
        "version: 1\nteam: t1\nmodel:\n  source: model/\n  licence: MIT\n"
        "  components:\n    - {id: vision_tower, origin: borrowed}\n"
    )
    submission.write_text(text)
    with pytest.raises(InputFault, match=r":7: model\.components\[0\]: .*a reference for the borrowed vision_tower"):
        load_submission(submission)
    submission.write_text(text.replace("origin: borrowed", "origin: from-scratch"))
    loaded = load_submission(submission)
    with pytest.raises(InputFault, match=r":4: model\.source: found 'model/', no such folder"):
        loaded.model_path()


def test_a_policy_with_a_threshold_that_no_check_has_is_refused(tmp_path: Path) -> None:
    shipped = (EXAMPLE.parent.parent / "checks" / "policy" / "from-scratch.yaml").read_text("utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text(shipped.replace("thresholds: {}", "thresholds: {epochs_max: 8}"), encoding="utf-8")
    assert load_policy(str(policy)).data_quality.thresholds
    policy.write_text(shipped.replace("thresholds: {}", "thresholds: {epochs_most: 8}"), encoding="utf-8")
    with pytest.raises(InputFault, match=r"data_quality\.thresholds\.epochs_most: found an unknown threshold"):
        load_policy(str(policy))
