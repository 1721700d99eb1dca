"""The page of panels: severities and far values told, rulings typed and signed by two, conflicts kept, faults refused."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from checks.contracts.loading import load_programme
from dashboard.words import ranking as words
from flows.cli.decision_words import print_decision
from flows.deciding import decide_and_record
from tests.dashboard.conftest import Draw
from tests.dashboard.drawn import assert_calm, table_of, text_of
from tests.warehouse.programmes import make_imported
from warehouse.life_cycle import whole_chain
from warehouse.life_steps import decide_round_by, freeze
from warehouse.round_inputs import decide_round
from warehouse.store import Warehouse


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    """Team a has a rater far from the rest; P1 is two points milder than the others wherever it judged."""
    loaded = make_imported(tmp_path / "round")
    given = {"P1": (22, 22, 22), "P2": (20, 20, 20), "P3": (20, 20, 20), "P4": (35, 20, 20)}
    rows = [f"{team},{rater},{values[place]}" for rater, values in given.items() for place, team in enumerate("abc")]
    (loaded.folder / "panels" / "expert.csv").write_text(
        "team,rater,value\n" + "\n".join([*rows, "a,P9,recused"]) + "\n"
    )
    return loaded.path


def _filled(page: AppTest, form: str, **values: str) -> AppTest:
    for name, value in values.items():
        key = f"{form}-{name}"
        box = next(each for each in [*page.text_input, *page.text_area, *page.selectbox] if each.key == key)
        box.set_value(value)
    return next(each for each in page.button if each.key == f"{form}-send").click().run()


def _refused(page: AppTest, words: str) -> None:
    assert [each.value for each in page.error] and any(words in each.value for each in page.code), page.code


def test_raters_are_shown_with_their_severity_and_what_is_far_from_the_rest(programme: Path, draw: Draw) -> None:
    page = draw(programme, "panels", "both")
    assert_calm(page)
    rows = {row["평가위원 Rater"]: row for row in table_of(page, "raters-expert")}
    # the mean of the severities is nothing: rater means 22, 20, 20, 25 about 21.75
    severity = {rater: row["엄격함 Severity"] for rater, row in rows.items()}
    assert severity == {"P1": "+0.25", "P2": "-1.75", "P3": "-1.75", "P4": "+3.25", "P9": "–"}
    assert rows["P9"]["제척·회피 Recused"] == "a" and rows["P9"]["평가한 팀 Teams judged"] == "0"
    assert "rater P4 gave a 35, far from the team's median" in text_of(page)
    assert "평가위원 P4이(가) a에 준 35점은" in text_of(page)


def test_a_ruling_is_typed_signed_by_two_people_and_counts(programme: Path, draw: Draw) -> None:
    page = draw(programme, "panels")
    typed = {"team": "c", "gate": "floor", "result": "pass"}
    _refused(_filled(page, "rule", **typed, reason=" ", by="Kim"), "reason: found nothing")
    page = _filled(draw(programme, "panels"), "rule", **typed, reason="read it", by="Kim")
    assert_calm(page)
    states = [(row["Team"], row["Signatures"], row["State"]) for row in table_of(page, "rulings")]
    assert states == [("Team b", "PANEL-1, PANEL-2", "counts"), ("Team c", "Kim", "waits for a second signature")]
    status = {each.team: each.gates["floor"] for each in decide_round(load_programme(programme)).standings}
    assert status["c"] == "fail", "one signature is none"
    _refused(_filled(page, "countersign", by="kim "), "another person than who signed first")
    page = _filled(draw(programme, "panels"), "countersign", by="Lee")
    assert_calm(page)
    assert table_of(page, "rulings")[1]["Signatures"] == "Kim, Lee"
    status = {each.team: each.gates["floor"] for each in decide_round(load_programme(programme)).standings}
    assert status["c"] == "pass"
    _refused(_filled(page, "rule", **{**typed, "team": "b"}, reason="r", by="Kim"), "no other ruling on the same gate")


def test_a_team_that_advances_because_people_decided_so_says_who(
    programme: Path, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    programme.write_text(programme.read_text(encoding="utf-8").replace("30.5", "45"), encoding="utf-8")
    said = "Reason: read it Signed: Kim, Lee"
    table = programme.parent / "panels" / "rulings.csv"
    header = table.read_text(encoding="utf-8").splitlines()[0]
    for row, told in (("", False), ("b,floor,pass,read it,Kim,Lee,\n", True)):
        table.write_text(f"{header}\n{row}", encoding="utf-8")
        page, decision = draw(programme), decide_round(load_programme(programme))
        assert_calm(page)
        status = {each.team: each.status for each in decision.standings}
        assert status["b"] == ("advances" if told else "eliminated")
        titles = [each.value for each in page.header]
        assert (words.WHO_ADVANCES_BY_DECISION.en in titles, said in text_of(page)) == (told, told)
        print_decision(decision)
        assert (f"The panel ruled pass (the check's own result is fail). {said}" in capsys.readouterr().out) is told


def test_who_declared_a_conflict_signs_nothing_and_is_not_counted(programme: Path, draw: Draw) -> None:
    page = _filled(draw(programme, "panels"), "conflict", person="Kim", team="c", reason="a former teacher", by="Lee")
    assert_calm(page)
    assert [row["Reason"] for row in table_of(page, "conflicts")] == ["a former teacher"]
    typed = {"gate": "floor", "result": "pass", "reason": "r", "by": "KIM"}
    _refused(_filled(page, "rule", **typed, team="c"), "who declared a conflict of interest on 'c'")
    assert_calm(_filled(draw(programme, "panels"), "rule", **typed, team="a"))
    _filled(draw(programme, "panels"), "conflict", person="P2", team="a", reason="employer", by="Lee")
    _refused(draw(programme, "panels"), "'P2' counted for 'a' in spite of a declared conflict")
    table = programme.parent / "panels" / "expert.csv"
    table.write_text(table.read_text().replace("a,P2,20", "a,P2,recused"))
    page = draw(programme, "panels")
    assert_calm(page)
    kinds = [event.kind for event in whole_chain(Warehouse(programme.parent / "warehouse"), "imported", "round-1")]
    assert kinds == ["conflict", "ruling", "conflict"]


def test_the_ranking_page_tells_what_changed_after_the_freeze_and_the_round_s_record(
    programme: Path, draw: Draw
) -> None:
    loaded = load_programme(programme)
    freeze(loaded, None, "Kim")
    decide_and_record(loaded, loaded.round())
    text = programme.read_text().replace("quota: additive", "quota: absorbing").replace("'2026-01-15'", "'2026-02-01'")
    programme.write_text(text)
    newer = load_programme(programme)
    page = draw(programme)
    assert "is not frozen" in str([each.value for each in page.code]), "neither the old rules nor the new ones"
    freeze(newer, None, "Lee")
    decide_round_by(newer, None, "Lee")
    page = draw(programme, language="both")
    assert_calm(page)
    changed = {row["항목 Key"]: row for row in table_of(page, "amendments")}
    assert set(changed) == {"rules_version", "select.quota"}
    assert "was additive when frozen and is absorbing" in text_of(
        page
    ) and "동결 당시 additive, 지금 absorbing" in text_of(page)
    assert [row["누가 By"] for row in table_of(page, "life")][::3] == ["Kim", "Lee"]


def test_names_behind_the_codes_stand_nowhere_in_warehouse_or_bundle(programme: Path, tmp_path: Path) -> None:
    """A table of who is who may lie beside the panels: nothing reads it, and a panel that holds names is refused."""
    from checks.contracts.errors import InputFault
    from warehouse.bundle import write_bundle
    from warehouse.keys import make_keys

    panels = programme.parent / "panels"
    (panels / "who-is-who.csv").write_text("rater,name\nP1,홍길동\nP2,Hong Gildong\n", encoding="utf-8")
    loaded = load_programme(programme)
    decide_and_record(loaded, loaded.round())
    make_keys(loaded.folder / "keys")
    write_bundle(loaded, None, tmp_path / "b.zip")
    kept = [tmp_path / "b.zip", *(each for each in loaded.warehouse.rglob("*") if each.is_file())]
    assert len(kept) > 2
    for path in kept:
        content = path.read_bytes()
        assert "홍길동".encode() not in content and b"Hong Gildong" not in content and b"who-is-who" not in content
    before = (panels / "expert.csv").read_text()
    for name in ("홍길동", "Hong Gildong"):
        (panels / "expert.csv").write_text(before.replace("P1", name))
        with pytest.raises(
            InputFault, match=r"expert\.csv:2: rater: found what looks like a person's name, expected a code"
        ):
            load_programme(programme)
    (panels / "expert.csv").write_text(before.replace("P1", "위원1"))
    assert load_programme(programme)
