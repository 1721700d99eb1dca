"""The report says what was decided, the same in HTML and in PDF, to each reader what that reader may see, and nothing twice."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pypdf import PdfReader

from checks.contracts.disclosure import audience
from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.contracts.programme import PanelMajorityGate
from checks.records.canonical import canonical_sha256
from tasks.round_report import ReportSource, ending_of, read_report, round_document, write_document, written
from tasks.round_report.words import points
from tasks.round_report.writing import installed_fonts
from tests.dashboard.small_round import TOTALS, measure, record, write_round
from warehouse.handing_out import audience_for

COMMITTEE = audience(None, "committee")


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_round(tmp_path_factory.mktemp("report") / "round")
    measure(made)
    record(made)
    return made


@pytest.fixture(scope="module")
def source(programme: Path) -> ReportSource:
    return read_report(load_programme(programme), None)


@pytest.fixture(scope="module")
def pdf(source: ReportSource) -> bytes:
    return written(round_document(source, COMMITTEE), ".pdf")


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def _words(plain: Any) -> Iterator[str]:
    """Every text of a document in both languages, wherever it stands, pictures left out."""
    if isinstance(plain, dict):
        if set(plain) == {"ko", "en"}:
            yield from plain.values()
        else:
            yield from (text for name, each in plain.items() if name != "svg" for text in _words(each))
    elif isinstance(plain, list):
        yield from (text for each in plain for text in _words(each))


def _tight(text: str) -> str:
    """Without what setting may change: blanks, breaks within hashes, hyphens at a line's end."""
    return re.sub(r"[\s\u200b\u2003\xad-]|\x00", "", text)


def _shown(html: bytes) -> str:
    from html import unescape

    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(style|svg).*?</\1>", "", html.decode(), flags=re.S)))


def test_html_and_pdf_hold_every_word_of_the_same_document(source: ReportSource, pages: list[str]) -> None:
    document = round_document(source, COMMITTEE)
    html = _tight(_shown(written(document, ".html")))
    paper = _tight("".join(pages))
    words = [_tight(each) for each in _words(document.plain())]
    assert len(words) > 400
    assert [each for each in words if each not in html] == []
    missing = [each for each in words if each not in paper]
    assert [each for each in missing if not _in_pieces(each, paper)] == []


def _in_pieces(words: str, paper: str) -> bool:
    """A text that runs over the end of a page stands there in two pieces, the page's foot and head between."""
    cuts = range(4, len(words) - 3)
    return any(words[:cut] in paper and words[cut:] in paper for cut in cuts)


def test_the_report_says_who_is_out_by_what_and_how_close(source: ReportSource) -> None:
    html = _shown(written(round_document(source, COMMITTEE), ".html"))
    decision = source.decision
    for standing in decision.standings:
        assert standing.name.ko in html and standing.name.en in html and points(standing.total) in html
    for reason in (reason for each in decision.standings for reason in each.reasons if reason.outcome != "pass"):
        assert reason.text.ko in html and reason.text.en in html
    assert canonical_sha256(decision) in html and decision.rules_sha256 in html
    assert all(value in html for name, value in decision.inputs.items() if name.startswith("file:"))
    assert f"{source.firmness.teams[0].interval[0]}"[:4] in html
    layer_maps = sum(bool(found.layers) and found.verdict in ("derived", "indeterminate")
                     for team in source.inputs.teams.values() if team.trace
                     for each in team.trace.references for found in each.components)  # fmt: skip
    kinds = [each.kind for each in round_document(source, COMMITTEE).blocks]
    assert layer_maps > 0 and kinds.count("picture") == 1 + layer_maps


@pytest.mark.parametrize(
    ("out_of", "said"),
    [("panel", "of all who are not recused, abstentions included,"), ("cast", "of the votes cast, ")],
)
def test_whose_majority_and_when_it_is_asked_for_is_said(source: ReportSource, out_of: str, said: str) -> None:
    vote = {
        "check": "panel_majority",
        "votes": "v.csv",
        "more_than": 0.5,
        "out_of": out_of,
        "quorum": 3,
        "fail": "eliminate",
    }
    for on, when in ({}, "of "), ({"on": "independence"}, "only where independence is indeterminate: of "):
        gate = PanelMajorityGate.model_validate({"id": "vote", **vote, **on})
        inputs = replace(source.inputs, round=source.inputs.round.model_copy(update={"gates": [gate]}))
        document = round_document(replace(source, inputs=inputs), COMMITTEE)
        assert any(each.startswith(when) and said in each for each in _words(document.plain()))


def test_the_pdf_is_marked_on_every_page_tagged_and_holds_its_fonts(pdf: bytes, pages: list[str]) -> None:
    assert len(pages) >= 3 and all("모의 점수" in text and "위원회용" in text for text in pages)
    reader = PdfReader(io.BytesIO(pdf))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    below = [each["/DescendantFonts"][0].get_object()["/FontDescriptor"] for each in fonts]
    assert below and all("/FontFile3" in each or "/FontFile2" in each for each in below)
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] and str(catalogue["/Lang"]).startswith("ko")
    metadata = reader.metadata
    assert (metadata is not None and "CreationDate" not in str(metadata)) or "1970" in str(metadata)


def test_korean_words_are_not_broken(pages: list[str]) -> None:
    """Every line that ends in the middle of the explanation ends at a blank of it."""
    sentence = "‘파생 흔적 없음’은 이 참조 모델, 이 검정, 이 크기에서 찾지 못했다는 뜻이며 처음부터 학습했다는 증명이 아닙니다."
    text = "".join(pages)
    place = text.index("‘파생 흔적")
    lines = text[place : place + len(sentence) + 12].split("\n")
    words = sentence.split()
    assert all(line.split()[-1] in words for line in lines[:-1] if line.split())


def test_the_same_decision_gives_the_same_bytes(
    source: ReportSource, pdf: bytes, programme: Path, tmp_path: Path
) -> None:
    again = round_document(read_report(load_programme(programme), None), COMMITTEE)
    before = {".html": written(round_document(source, COMMITTEE), ".html"), ".pdf": pdf}
    for ending, same in before.items():
        out = tmp_path / f"report{ending}"
        assert write_document(out, again) == out.read_bytes() == same
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.pdf"]


def test_the_html_names_no_address_and_runs_nothing(source: ReportSource) -> None:
    html = written(round_document(source, COMMITTEE), ".html").decode()
    assert "<script" not in html and "default-src 'none'" in html
    assert re.findall(r"""(?:src|href)=["'][^#]|url\(|https?://""", html) == []


def test_a_what_if_becomes_no_report(source: ReportSource) -> None:
    for supposed in (
        replace(source, decision=source.decision.model_copy(update={"what_if": True})),
        replace(source, inputs=replace(source.inputs, what_if=True)),
    ):
        with pytest.raises(ValueError, match="what-if"):
            round_document(supposed, COMMITTEE)


def test_what_was_decided_on_other_files_becomes_no_report(programme: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(programme.parent, tmp_path / "round"))
    loaded = load_programme(folder)
    changed = yaml.safe_load(loaded.path.read_text())
    changed["rounds"][0]["places"] += 1
    loaded.path.write_text(yaml.safe_dump(changed, allow_unicode=True))
    with pytest.raises(InputFault, match="changed since the decision was recorded"):
        read_report(load_programme(folder), None)


def _numbers(source: ReportSource, team: str) -> set[str]:
    """A team's own points as they would be printed, those left out that are a best, a mean or the cut."""
    standing = next(each for each in source.decision.standings if each.team == team)
    return {points(standing.total), *(points(value) for path, value in standing.scores.items() if "." not in path)}


def test_the_public_sees_the_outcome_and_nobodys_points(source: ReportSource) -> None:
    html = _shown(written(round_document(source, audience(None, "public")), ".html"))
    assert "비공개" in html and "공개용" in html
    assert set(TOTALS) == {each.team for each in source.decision.standings}
    for team in ("b", "c"):  # neither best nor on either side of the cut
        assert points(str(TOTALS[team])) not in html
    assert points(str(TOTALS["a"])) in html  # the best total, by nobody's name
    assert canonical_sha256(source.decision) not in html
    assert "run:benchmark" not in html
    public = round_document(source, audience(None, "public"))
    ranking = next(each for each in public.blocks if each.kind == "table" and each.name == "ranking")
    names = [row[0].text.en for row in ranking.rows]
    assert names == sorted(names) and not {"Rank", "Total"} & {each.name.en for each in ranking.columns}


def test_a_team_sees_its_own_points_rank_and_the_line(source: ReportSource) -> None:
    html = _shown(written(round_document(source, audience(None, "team", "c")), ".html"))
    assert _numbers(source, "c") <= set(re.findall(r"\d+\.\d\d", html))
    assert points(str(TOTALS["b"])) not in html and points(str(TOTALS["d"])) in html  # d's is the lowest kept


def test_names_from_files_are_never_markup(source: ReportSource) -> None:
    wild = '<b onload="x()">#eval("1+1") $x$ *가* \\ \u202e</b>'
    standing = source.decision.standings[0]
    named = standing.model_copy(update={"name": standing.name.model_copy(update={"ko": wild})})
    decision = source.decision.model_copy(update={"standings": [named, *source.decision.standings[1:]]})
    document = round_document(replace(source, decision=decision), COMMITTEE)
    assert wild not in written(document, ".html").decode()
    paper = _tight("".join(p.extract_text() for p in PdfReader(io.BytesIO(written(document, ".pdf"))).pages))
    assert _tight('#eval("1+1") $x$ *가*') in paper


def test_bad_input_is_said(tmp_path: Path, programme: Path) -> None:
    with pytest.raises(InputFault, match=r"ending in '\.doc'"):
        ending_of(tmp_path / "a.doc")
    with pytest.raises(InputFault, match="found a folder"):
        ending_of(tmp_path)
    with pytest.raises(InputFault, match=r"no Korean font.*fonts-noto-cjk"):
        installed_fonts(["DejaVu Sans", "Libertinus Serif"])
    loaded = load_programme(programme)
    round_ = loaded.round()
    today = date(2026, 1, 20)
    refused = [("press", None, "one of public"), ("team", None, "no team"), ("team", "z", "one of a, b")]
    for profile, team, said in [*refused, ("public", "a", "with --profile public")]:
        with pytest.raises(InputFault, match=said):
            audience_for(loaded, round_, profile, team, today)


def test_an_embargo_holds_the_public_back_until_its_day(programme: Path) -> None:
    loaded = load_programme(programme)
    rule = {
        "label": {"ko": "공개 범위", "en": "Disclosure"},
        "citation": "정보공개법 제9조제1항제5호",
        "effective": "2026-01-01",
        "embargo_until": "2026-01-15",
        "public": ["summary"],
        "team": ["ranks", "scores"],
        "committee": ["scores", "raters"],
    }
    round_ = type(loaded.round()).model_validate(
        loaded.round().model_dump(by_alias=True, mode="json") | {"disclosure": rule}
    )
    with pytest.raises(InputFault, match=r"rounds\.\S+\.disclosure\.embargo_until: found an embargo until 2026-01-15"):
        audience_for(loaded, round_, "public", None, date(2026, 1, 14))
    assert audience_for(loaded, round_, "public", None, date(2026, 1, 15)).others == {"summary"}
    assert audience_for(loaded, round_, "committee", None, date(2026, 1, 1)).shows("raters", "a")
    own = audience_for(loaded, round_, "team", "a", date(2026, 1, 1))
    assert own.shows("scores", "a") and own.shows("summary") and not own.shows("scores", "b")
    with pytest.raises(ValueError, match="raters"):
        type(round_).model_validate(
            round_.model_dump(by_alias=True, mode="json") | {"disclosure": rule | {"public": ["raters"]}}
        )
