"""`run`, `rank`, `query` and the evidence bundle on a round decided from tables."""

import csv
import io
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.command import contents, gwanmun, in_process

DECIMAL = re.compile(r"^-?\d+\.\d{1,12}$")


def test_rank_as_the_contract_says(decided: Path) -> None:
    before = contents(decided)
    decision = gwanmun("rank", decided, "--json").document
    assert contents(decided) == before, "rank writes nothing"
    assert (decision["round"], decision["places"], decision["what_if"]) == ("round-1", 4, False)
    assert len(decision["rules_sha256"]) == 64 and decision["simulated"] is True
    advancing = [each for each in decision["standings"] if each["status"] == "advances"]
    assert decision["vacancies"] == 4 - len(advancing)
    for standing in decision["standings"]:
        assert ("eliminated_by" in standing) == (standing["status"] == "eliminated")
        assert all(DECIMAL.match(points) for points in standing["scores"].values())
        assert all({"rule", "outcome", "text", "evidence"} <= reason.keys() for reason in standing["reasons"])
        assert all(reason["text"]["ko"] and reason["text"]["en"] for reason in standing["reasons"])
        if standing["status"] != "withdrawn":
            scores = standing["scores"]
            assert Decimal(standing["total"]) == sum(Decimal(scores[part]) for part in ("benchmark", "expert", "user"))
    withdrawn = next(each for each in decision["standings"] if each["status"] == "withdrawn")
    assert (withdrawn["team"], withdrawn["total"], withdrawn["rank"]) == ("f", None, None)


def test_a_second_run_and_rank_come_to_the_recorded_decision(decided: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(decided, tmp_path / "round")
    ran, ranked = gwanmun("run", folder, "--json"), gwanmun("rank", folder, "--json")
    assert (ran.err, ranked.err) == ("", "")
    assert ranked.document == {key: ran.document[key] for key in ranked.document}
    recorded = gwanmun("query", folder, "select count(*) from decisions", "--json").document
    once = gwanmun("query", decided, "select count(*) from decisions", "--json").document
    assert recorded == once, "the same decision is recorded once"


def test_the_terminal_says_why_in_both_languages_and_that_it_is_simulated(decided: Path) -> None:
    answer = gwanmun("rank", decided)
    assert answer.code == 0 and "모의" in answer.out and "simulated" in answer.out and "WHAT-IF" not in answer.out
    assert "총점" in answer.out and "points in total" in answer.out and "eliminated 탈락" in answer.out


def test_other_rules_and_another_policy_are_what_ifs(decided: Path, tmp_path: Path) -> None:
    before = contents(decided)
    assert gwanmun("rank", decided, "--policy", "advisory", "--json").document["what_if"] is True
    other = shutil.copytree(decided, tmp_path / "other", ignore=shutil.ignore_patterns("warehouse"))
    text = (other / "programme.yaml").read_text(encoding="utf-8")
    (other / "programme.yaml").write_text(text.replace("eliminate_bottom: 1", "eliminate_bottom: 0"), encoding="utf-8")
    kept = gwanmun("rank", decided, "--rules", other / "programme.yaml", "--json").document
    assert kept["what_if"] is True
    assert not [each for each in kept["standings"] if each.get("eliminated_by") == "eliminate_bottom"]
    assert "WHAT-IF" in gwanmun("rank", decided, "--rules", other / "programme.yaml").out
    gwanmun("rank", decided, "--policy", "lenient").refused("'lenient', no such policy or file", "licensed-reuse")
    assert contents(decided) == before


def test_robustness_in_words_and_as_a_document(decided: Path) -> None:
    before = contents(decided)
    firm = gwanmun("robustness", decided, "--json").document
    ranked = in_process("rank", decided, "--json").document
    assert {each["team"]: each["total"] for each in firm["teams"]} == {
        each["team"]: each["total"] for each in ranked["standings"] if each["total"] is not None
    }
    assert all(low <= each["rank"] <= high for each in firm["teams"] for low, high in [each["ranks"]])
    assert [region["within"] for region in firm["regions"]] == [None, 0.25]
    assert len(firm["pairs"]) == 10 and firm["unknown"] and (firm["resamples"], firm["what_if"]) == (10_000, False)
    told = in_process("robustness", decided)
    assert told.code == 0 and "uncertainty unknown" in told.out and "불확실성을 알 수 없는" in told.out
    in_process("robustness", decided, "--within", "2").refused("--within", "'2'", "at most 1")
    assert contents(decided) == before


def test_what_if_side_by_side_and_from_a_patch(decided: Path, tmp_path: Path) -> None:
    before = contents(decided)
    found = in_process("what-if", decided, "--json").document
    out = {
        each["team"] for each in in_process("rank", decided, "--json").document["standings"] if "eliminated_by" in each
    }
    assert (found["what_if"], found["decision"]) == (True, None) and {each["team"] for each in found["kept"]} == out
    assert len(found["variants"]) >= 3 and all(each["patch"]["version"] == 1 for each in found["variants"])
    patch = tmp_path / "patch.yaml"
    patch.write_text("version: 1\nwhat_if: {ko: 탈락 없음, en: nobody is cut}\nselect: {eliminate_bottom: 0}\n")
    assert in_process("check", patch).code == 0
    patched = in_process("what-if", decided, "--patch", patch, "--json").document
    assert patched["decision"]["what_if"] is True and patched["patch"]["select"] == {"eliminate_bottom": 0}
    assert not [each for each in patched["decision"]["standings"] if each.get("eliminated_by") == "eliminate_bottom"]
    told = in_process("what-if", decided, "--patch", patch).out
    assert "WHAT-IF (가정)" in told and "would have" in told and "것입니다" in told
    patch.write_text(patch.read_text().replace("select", "selects"))
    in_process("what-if", decided, "--patch", patch).refused("patch.yaml:3", "selects", "an unknown key")
    patch.write_text("version: 1\nwhat_if: {ko: 배점, en: points}\npoints: {expert: 90}\n")
    in_process("what-if", decided, "--patch", patch).refused("patch.yaml", "add up to")
    in_process("what-if", decided, "--patch", tmp_path / "none.yaml").refused("none.yaml", "no such file")
    assert contents(decided) == before


def test_a_verdict_becomes_an_exit_code_where_it_is_asked_for(decided: Path) -> None:
    answer = gwanmun("rank", decided, "--json", "--fail-on", "eliminated")
    assert answer.code == 1 and answer.document["round"] == "round-1"
    gwanmun("rank", decided, "--fail-on", "derived").refused("--fail-on", "derived", "eliminated")


def test_names_that_the_programme_does_not_have(decided: Path) -> None:
    gwanmun("rank", decided, "--round", "round-9").refused("programme.yaml", "rounds", "'round-9'", "one of round-1")
    gwanmun("run", decided, "--team", "z").refused("rounds.round-1.teams", "'z'", "one of a, b, c, d, e, f")


def test_query_in_three_forms(decided: Path) -> None:
    sql = "select team, total from scoreboard where total is not null order by rank"
    document = gwanmun("query", decided, sql, "--json").document
    assert document["columns"] == ["team", "total"] and len(document["rows"]) == 5
    rows = list(csv.reader(io.StringIO(gwanmun("query", decided, sql, "--csv").out)))
    assert rows == [["team", "total"], *[[team, str(total)] for team, total in document["rows"]]]
    assert "5 rows" in gwanmun("query", decided, sql).out


@pytest.mark.parametrize(
    ("sql", "word"), [("drop table runs", "one SELECT"), ("select nothing from scoreboard", "nothing"), ("", "SELECT")]
)
def test_sql_that_is_refused(decided: Path, sql: str, word: str) -> None:
    gwanmun("query", decided, sql, "--json").refused("SQL", word)


def test_a_programme_of_which_nothing_is_recorded(programme: Path) -> None:
    before = contents(programme)
    gwanmun("query", programme, "from scoreboard").refused("nothing has been recorded yet")
    gwanmun("bundle", programme, "--out", programme / "b.zip").refused("private.pem", "gwanmun keys")
    assert contents(programme) == before


def test_a_bundle_from_keys_to_verification(decided: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(decided, tmp_path / "round")
    made = gwanmun("keys", folder / "keys", "--json").document
    in_process("keys", folder / "keys").refused("private.pem", "a key that is there already")
    file = tmp_path / "round-1.zip"
    assert (
        gwanmun("bundle", folder, "--round", "round-1", "--out", file, "--json").document["signer"]
        == made["fingerprint"]
    )

    unchecked = in_process("verify", file)
    assert unchecked.code == 0 and "signer not checked" in unchecked.out and made["fingerprint"] in unchecked.out
    checked = in_process("verify", file, "--key", folder / "keys" / "public.pem", "--json")
    assert (checked.code, checked.document["holds"], checked.document["signer_checked"]) == (0, True, True)
    assert checked.document["decision"] == in_process("rank", folder, "--json").document
    assert "signer not checked" not in in_process("verify", file, "--key", folder / "keys" / "public.pem").out

    in_process("keys", tmp_path / "others")
    other = in_process("verify", file, "--key", tmp_path / "others" / "public.pem", "--json")
    assert other.code == 1 and other.document["holds"] is False and "another key" in other.err
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    tampered = in_process("verify", file, "--json")
    assert tampered.code == 1 and tampered.document["faults"] and "Traceback" not in tampered.err
    in_process("verify", tmp_path / "none.zip").refused("none.zip", "no such file")
    in_process("verify", file, "--key", file).refused("public key")
