"""What a person writes is what is read: a key `on` is no truth value, 010 is ten, a wrong type is no silent other value."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.acts import read_adjustments, read_waivers
from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme, load_submission
from checks.contracts.panels import read_imported, read_raters
from checks.contracts.patch import read_patch
from checks.contracts.programme import PanelMajorityGate
from checks.contracts.yaml_source import YamlSource
from tests.checks.changed_example import changed, line_of
from tests.checks.faults import PROGRAMME


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("on: 1\nyes: 2\nOff: 3\n10: 4\n~: 5\n2026-01-01: 6", {"on": 1, "yes": 2, "Off": 3, "10": 4, "~": 5, "2026-01-01": 6}),
        ("a: 010", {"a": 10}),
        ("a: -7", {"a": -7}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 0x10", {"a": "0x10"}),
        ("a: [.5, 5., 1e3, -1.5E-3]", {"a": [Decimal("0.5"), Decimal(5), Decimal(1000), Decimal("-0.0015")]}),
        ("a: 2026-01-02", {"a": date(2026, 1, 2)}),
        ("a: 2026-02-30", {"a": "2026-02-30"}),
        ("a: 2026-01-02 00:00:00", {"a": "2026-01-02 00:00:00"}),
        ("a: &one {b: 1}\nc: {<<: *one, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
    ],
)  # fmt: skip
def test_yaml_is_read_as_it_is_written(tmp_path: Path, written: str, read: dict[str, Any]) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(written)
    found = YamlSource(file).data
    assert found == read and {type(each) for each in found.values()} == {type(each) for each in read.values()}


WITHDRAWN = "withdrawn: 2026-01-10"
#: old text, what stands there instead and is fine, what is a fault, its key, what was found, what is expected.
TWINS: list[tuple[str, str, str, str, str, str]] = [
    ("version: 1\n", "version: 1\n", "version: true\n", "version", "true", "1"),
    ("version: 1\n", "version: 01\n", "version: 1.0\n", "version", "1.0", "1"),
    ("version: 1\n", "version: 1\n", 'version: "1"\n', "version", "'1'", "1"),
    ("places: 4", "places: 04", 'places: "4"', "rounds[0].places", "'4'", "a whole number"),
    ("places: 4", "places: 010", "places: 4.0", "rounds[0].places", "4.0", "a whole number"),
    ("places: 4", "places: 0", "places: 4e0", "rounds[0].places", "4", "a whole number"),
    ("places: 4", "places: 99", "places: 1:30", "rounds[0].places", "'1:30'", "a whole number"),
    ("places: 4", "places: 1000", "places: 1_000", "rounds[0].places", "'1_000'", "a whole number"),
    ("places: 4", "places: 12", "places: 0xC", "rounds[0].places", "'0xC'", "a whole number"),
    ("places: 4", "places: 3", f"places: {'1' * 5000}", "rounds[0].places", "111…", "a whole number"),
    ("places: 4", "places: 3", "places: -1", "rounds[0].places", "-1", "a number of at least 0"),
    ("points: 100", "points: 1e2", 'points: "hundred"', "rounds[0].score.points", "'hundred'", "a number"),
    ("points: 100", 'points: "100.0"', 'points: "1_00"', "rounds[0].score.points", "'1_00'", "a number"),
    ("points: 100", "points: 0100.0", "points: 0o144", "rounds[0].score.points", "'0o144'", "a number"),
    ("points: 100", "points: +100", f"points: {'1' * 5000}", "rounds[0].score.points", "111…", "at most 60 digits"),
    ("confidence: 0.90", "confidence: .9", "confidence: 0.4", "rounds[0].select.confidence", "0.4", "a number of at least 0.5"),
    ("simulated: true", "simulated: false", 'simulated: "yes"', "simulated", "'yes'", "true or false"),
    ("simulated: true", "simulated: yes", "simulated: 1", "simulated", "1", "true or false"),
    ("simulated: true", "allow_outside: false", 'allow_outside: "no"', "allow_outside", "'no'", "true or false"),
    (WITHDRAWN, 'withdrawn: "2026-01-10"', "withdrawn: 0", "rounds[0].teams[5].withdrawn", "0", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, 'withdrawn: "0"', "rounds[0].teams[5].withdrawn", "'0'", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, "withdrawn: no", "rounds[0].teams[5].withdrawn", "false", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, "withdrawn: 1767916800", "rounds[0].teams[5].withdrawn", "1767916800", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, "withdrawn: 2026-02-30", "rounds[0].teams[5].withdrawn", "'2026-02-30'", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, "withdrawn: 20260110", "rounds[0].teams[5].withdrawn", "20260110", "a date, YYYY-MM-DD"),
    (WITHDRAWN, WITHDRAWN, "withdrawn: 2026-01-10 00:00:00", "rounds[0].teams[5].withdrawn", "00:00:00'", "a date, YYYY-MM-DD"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "good", "bad", "key", "found", "expected"), TWINS)
def test_another_type_is_a_fault_and_never_another_value(
    tmp_path: Path, old: str, good: str, bad: str, key: str, found: str, expected: str
) -> None:
    load_programme(changed(tmp_path / "good", PROGRAMME, old, good))
    programme = changed(tmp_path / "bad", PROGRAMME, old, bad)
    with pytest.raises(InputFault) as raised:
        load_programme(programme)
    fault = raised.value
    assert (fault.key, fault.line) == (key, line_of(programme, bad.strip())), fault.message
    assert fault.found.endswith(found) and fault.expected.endswith(expected) and len(fault.message) < 400


@pytest.mark.parametrize(
    ("seed", "fault"), [("7", None), ("-7", None), ("yes", "true"), ("1.0", "1.0"), ('"7"', "'7'")]
)
def test_a_seed_is_a_whole_number(tmp_path: Path, seed: str, fault: str | None) -> None:
    file = tmp_path / "submission.yaml"
    file.write_text(
        "version: 1\nteam: t1\nmodel:\n  source: model/\n  licence: MIT\n"
        "  components: [{id: language_model, origin: from-scratch}]\n"
        f"evidence:\n  training:\n    seed: {seed}\n"
    )
    if fault is None:
        assert load_submission(file).submission.evidence.training is not None
        return
    with pytest.raises(InputFault, match=rf":9: evidence\.training\.seed: found {fault}, expected a"):
        load_submission(file)


def test_the_gate_of_a_panel_takes_the_key_on_as_the_documentation_writes_it(tmp_path: Path) -> None:
    rule = "check: panel_majority, votes: panels/votes.csv, more_than: 0.5, out_of: cast, quorum: 1, fail: review"
    gate = f"{{id: vote, {rule}, on: %s}}"
    old = "at_least_share: 0.5, fail: eliminate}\n"
    programme = changed(tmp_path, PROGRAMME, old, f"{old}      - {gate % 'floor'}\n")
    (programme.parent / "panels" / "votes.csv").write_text("team,panellist,vote\n")
    last = load_programme(programme).round().gates[-1]
    assert isinstance(last, PanelMajorityGate) and last.on == "floor"
    programme.write_text(programme.read_text("utf-8").replace("on: floor", "on: flor"), encoding="utf-8")
    with pytest.raises(InputFault, match="'flor'"):
        load_programme(programme)


def test_a_patch_may_be_json_of_our_own_whose_decimals_are_text(tmp_path: Path) -> None:
    round_ = load_programme(changed(tmp_path, PROGRAMME, "places: 4", "places: 4")).round()
    file = tmp_path / "patch.yaml"
    text = '{"version": 1, "what_if": {"ko": "가정", "en": "supposed"}, "supposed_points": {"a": "0.75"}}'
    file.write_text(text)
    assert read_patch(file, round_).supposed_points == {"a": Decimal("0.75")}
    file.write_text(text.replace('"0.75"', '"0_75"'))
    with pytest.raises(InputFault, match="found '0_75', expected a number"):
        read_patch(file, round_)


@pytest.mark.parametrize("value", ["10", "10.0", "1e1", "+10", "１０", "010"])
def test_a_cell_is_a_number(tmp_path: Path, value: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"team,value\nx,{value}\n", encoding="utf-8")
    assert read_imported(table, ["x"], Decimal(10)) == {"x": Decimal(10)}
    table.write_text(f"team,rater,value\nx,E1,{value}\n", encoding="utf-8")
    assert read_raters(table, ["x"], Decimal(10)).counted("x") == {"E1": Decimal(10)}


@pytest.mark.parametrize("value", ["1_0", "0x1", "NaN", "inf", "1,0", "1-0", "1 0", "1e99999999999"])
def test_what_python_alone_reads_as_a_number_is_none(tmp_path: Path, value: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f'team,value\nx,"{value}"\n', encoding="utf-8")
    with pytest.raises(InputFault, match=r"table\.csv:2: value: found '.*', expected a number from 0 to 10"):
        read_imported(table, ["x"], Decimal(10))
    table.write_text(f'team,points,reason,signed_by,second_signature\nx,"{value}",r,A,B\n', encoding="utf-8")
    with pytest.raises(InputFault, match=r"table\.csv:2: points: found '.*', expected a number other than 0"):
        read_adjustments(table, ["x"])


def test_a_day_in_a_table_is_spelt_in_one_way(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    head = "team,gate,expires,reason,signed_by,second_signature\n"
    table.write_text(f"{head}x,g,2026-03-01,r,A,B\n")
    assert read_waivers(table, ["x"], ["g"])[0].expires == date(2026, 3, 1)
    for day in ("20260301", "2026-W09-7", "2026-3-1", "2026-02-30", "２０２６-03-01"):
        table.write_text(f"{head}x,g,{day},r,A,B\n", encoding="utf-8")
        with pytest.raises(InputFault, match=r"table\.csv:2: expires: found .*, expected a date, YYYY-MM-DD"):
            read_waivers(table, ["x"], ["g"])


def test_what_is_no_text_has_a_line(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("a: 1\nb: x\n")
    assert YamlSource(file).data == {"a": 1, "b": "x"}
    for text, words in [
        ("a: 1\nb: \0\n", ":2: found the character 0x0000, expected text"),
        ("a: 1\nb: [%\n", ":2: found character '%' that cannot start any token"),
        ("a: 1\nb: !!bool maybe\n", ": found a tag that does not fit its value"),
        ("# nothing\n~\n", ":2: found nothing, expected a YAML mapping"),
        ("[1]\n", ":1: found a list, expected a YAML mapping"),
    ]:
        file.write_text(text)
        with pytest.raises(InputFault) as raised:
            YamlSource(file)
        assert words in raised.value.message
