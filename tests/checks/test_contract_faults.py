"""Every fault in what a user writes is one message: the file, the key, the line, what was found, what is expected."""

from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import SHIPPED_POLICIES, load_policy, load_programme, load_submission, load_suite
from tests.checks.changed_example import EXAMPLE, changed, line_of
from tests.checks.faults import FAULTS, PROGRAMME


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_message_with_file_key_line_found_and_expected(name: str, tmp_path: Path) -> None:
    file, old, new, key, at, found, expected = FAULTS[name]
    programme = changed(tmp_path, file, old, new)
    with pytest.raises(InputFault) as raised:
        load_programme(programme)
    fault = raised.value
    assert fault.file.endswith(file) and "\n" not in fault.message
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


def test_a_licence_stands_on_one_of_the_two_lists(tmp_path: Path) -> None:
    shipped = (SHIPPED_POLICIES / "from-scratch.yaml").read_text("utf-8")
    (line,) = [line for line in shipped.splitlines() if line.strip().startswith("deny:")]
    file = tmp_path / "policy.yaml"
    file.write_text(shipped.replace(line, f"{line.split('[')[0]}[Nobody-1.0]"), encoding="utf-8")
    assert load_policy(str(file)).licences.deny == ["Nobody-1.0"]
    file.write_text(shipped.replace(line, f"{line.split('[')[0]}[Nobody-1.0, apache-2.0]"), encoding="utf-8")
    with pytest.raises(InputFault, match=r"licences\.deny\[1\]: found 'apache-2.0' on both"):
        load_policy(str(file))
