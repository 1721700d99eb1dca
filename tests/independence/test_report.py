"""The report of real traces: what it says of each verdict, that its pictures are true, and that nothing in it acts or leads off."""

import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from checks.contracts.errors import InputFault
from checks.records.lineage import ComponentFinding, CoverageRow, LayerMatch, LineageTest, Trace
from checks.records.lineage_words import GROUPS, REASONS, TESTS
from checks.records.record import Text
from tasks.independence import trace
from tasks.independence.report import Provenance, draw_layer_map, draw_nulls, writable_target, write_report
from tasks.independence.report.ledger import ledger, ledger_summary
from tasks.independence.report.page import render
from tasks.independence.report.svg import BLUES, OBSERVED, PLANTED, p_in_line
from tests.conftest import REPOSITORY
from tests.dashboard.drawn import cells_of
from tests.independence.drawn_models import component, disturbed, drawn, written

MADE = Provenance(
    command="gwanmun trace m --against r",
    version="0.1.0",
    measurement=2,
    environment={"numpy": "2"},
    made_at=datetime(2026, 1, 15, 9, tzinfo=UTC),
    files=[("m/model.safetensors", "ab" * 32)],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reported")
    written(made / "r", drawn(1))
    return made


@pytest.fixture(scope="module")
def derived(folder: Path) -> Trace:
    """A borrowed and tuned tower in a model of its own."""
    tower = disturbed(component(drawn(1), "vision_tower"), 0.9)
    return trace(written(folder / "derived", drawn(3) | tower), {"ref": folder / "r"})


@pytest.fixture(scope="module")
def independent(folder: Path) -> Trace:
    return trace(written(folder / "independent", drawn(2)), {"ref": folder / "r"})


@pytest.fixture(scope="module")
def indeterminate(folder: Path) -> Trace:
    """The same initial weights, trained apart, and a chain that shows it."""
    start = drawn(8)
    one = written(folder / "one", disturbed(start, 0.9, 1))
    zero = written(folder / "zero", start)
    return trace(written(folder / "two", disturbed(start, 0.9, 2)), {"one": one}, checkpoints=[(0, zero)])


@dataclass
class _Shape:
    tag: str
    attributes: dict[str, str | None]


class _Shapes(HTMLParser):
    """Every element with its attributes; the text of a shape's title is its `hint`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Shape] = []
        self._titled: _Shape | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and self.found:
            self._titled = self.found[-1]
        else:
            self.found.append(_Shape(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._titled = None

    def handle_data(self, data: str) -> None:
        if self._titled is not None:
            self._titled.attributes["hint"] = data


def _text(html: str) -> str:
    return " ".join(re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.S).split())


def test_a_derived_component_stands_first_with_what_convicts_it(derived: Trace) -> None:
    page = render(derived, MADE)
    rows = cells_of(page, "verdicts")[1:]
    assert [(row[0].split(" ")[0], "Derived" in row[2]) for row in rows] == [
        ("비전", True), ("언어", False), ("프로젝터", False)
    ]  # fmt: skip
    assert "미세조정" in rows[0][3] and "centred correlation 0." in rows[0][4] and rows[0][5].startswith("10−")
    text = _text(page)
    assert "derived from the weights of ref (fine-tuned)" in text and "의 가중치에서 파생되었습니다" in text
    assert "The two disjoint groups that agree" in text
    card = page.split('id="c1"')[1].split("</section>")[0]
    groups = re.search(r"disjoint groups.*?</ul>", card, re.S)
    assert groups is not None
    assert all(f"feed-forward, {side}" in groups[0] for side in ("reading", "writing"))
    assert card.count("<svg") == 2 and [row[:2] for row in cells_of(page, "layers-c1")[1:]] == [["0", "0"], ["1", "1"]]
    gains = {row[0]: row for row in cells_of(page, "gains")[1:]}
    assert all("means nothing" in row[3] and "의미가 없습니다" in row[3] for row in gains.values()) and len(gains) == 2
    assert "no derivation" in text and "architecture" in text.lower() and "is no proof of training from scratch" in text


def test_an_independent_model_is_cleared_in_words_that_promise_no_more(independent: Trace) -> None:
    page = render(independent, MADE)
    assert "The two disjoint groups that agree" not in page and "derived from the weights" not in page
    assert _text(page).count("no derivation found from the one reference") == 3
    assert "is no proof of training from scratch" in _text(page)
    assert 'class="chip derived"' not in page and page.count('class="chip independent"') >= 4
    assert "No checkpoints were given" in page and "screened" not in page
    more = independent.model_copy(update={"screened": ["far-1", "far-2"]})
    assert "2 more references of the catalogue were screened" in render(more, MADE) and "far-1, far-2" in render(
        more, MADE
    )


def test_an_indeterminate_model_is_not_cleared_and_its_chain_is_shown(indeterminate: Trace) -> None:
    page = render(indeterminate, MADE)
    assert (
        "that does not clear it" in page and "shared initialisation" in page and "no derivation found from" not in page
    )
    links = cells_of(page, "chain-vision_tower")
    assert len(links) == 2 and links[1][0] == "0단계 → 제출물 step 0 to submission" and float(links[1][2]) > 0.7
    assert "Training chain" in page and "No checkpoints were given" not in page


def test_every_tensor_stands_in_the_ledger_once(derived: Trace) -> None:
    lines = ledger(derived.coverage)
    assert sum(line.tensors for line in lines) == len(derived.coverage) > len(lines)
    assert sum(line.parameters for line in lines) == sum(row.parameters for row in derived.coverage)
    rows = cells_of(render(derived, MADE), "ledger")[1:]
    assert sum(int(row[3].replace(",", "")) for row in rows) == len(derived.coverage)
    norms = next(row for row in rows if "post_attention_layernorm" in row[0])
    assert norms[0] == "model.language_model.layers.*.post_attention_layernorm.weight"
    assert "proves nothing" in norms[5] and "증거가 되지 않음" in norms[5]
    tower = ledger_summary(derived.coverage)["vision_tower"]
    used = [row.parameters for row in derived.coverage if row.component == "vision_tower" and row.used]
    assert tower.share == pytest.approx(sum(used) / tower.parameters)
    mixed = [
        CoverageRow(tensor=f"a.{n}", component="c", role="up", layer=n, parameters=1, used=n < 2) for n in range(3)
    ]
    assert [(line.used, line.tensors) for line in ledger(mixed)] == [(True, 2), (False, 1)]


def _scale(svg: str) -> tuple[float, float]:
    """x of 0 and of 1 on the whole scale, from the axis's own numbers."""
    places = {words: float(x) for x, words in re.findall(r'<text x="([\d.]+)"[^>]*>([\d.]+)</text>', svg)}
    return places["0.25"] - (places["0.5"] - places["0.25"]), places["1"]


def _middles(svg: str, fill: str) -> list[float]:
    """The middle of each outline of that colour, from left to right."""
    middles = []
    for shape in _Shapes(svg).found:
        if shape.tag == "path" and shape.attributes["fill"] == fill:
            xs = [
                float(point.split(" ")[0]) for point in re.split("[ML]", (shape.attributes["d"] or "").rstrip("Z"))[1:]
            ]
            middles.append((min(xs) + max(xs)) / 2)
    return middles


def _finding(found: Trace, kind: str) -> ComponentFinding:
    return next(each for each in found.references[0].components if each.component == kind)


def test_statistics_are_drawn_where_they_lie(derived: Trace, independent: Trace) -> None:
    """By linear arithmetic on the axis's own numbers; the conviction far outside chance, its twin within."""
    for found, far in ((derived, True), (independent, False)):
        tests = [
            each for each in _finding(found, "vision_tower").tests if each.test in ("permutation", "planted-derivative")
        ]
        svg = draw_nulls(tests, "en")
        assert svg is not None
        zero, one = _scale(svg)
        observed = [x for x in _middles(svg, OBSERVED) if x > zero - 40]  # the panel on the right
        nulled = [each for each in tests if each.null is not None]
        expected = [zero + (one - zero) * (each.statistic or 0.0) for each in nulled]
        assert sorted(observed[: len(nulled)]) == pytest.approx(sorted(expected), abs=0.2)
        distance = [abs(x - zero) for x in observed[: len(nulled)]]
        assert all(x > 150 for x in distance) if far else all(x < 40 for x in distance)
        assert (f'stroke="{PLANTED}"' in svg) is (not far)
        if not far:  # a derivative planted at 0.7 is where 0.7 is
            marks = [x for x in _middles(svg, "white") if x > zero]
            assert marks and marks[0] == pytest.approx(zero + 0.7 * (one - zero), abs=0.2)


def test_a_layer_is_drawn_in_its_row_and_column_and_darker_where_it_is_clearer() -> None:
    def match(mine: int, theirs: int, log10_p: float | None, test: str = "permutation") -> LayerMatch:
        return LayerMatch(
            subject_layer=mine, reference_layer=theirs, p_value=None, log10_p=log10_p, test=test, share=0.5
        )

    layers = [match(0, 2, -4.0), match(1, 0, -60.0, "aligned-by-units"), match(3, 3, None, "exact-copy")]
    words = Text(ko="가", en="a")
    finding = ComponentFinding(
        component="c", verdict="derived", share_of_parameters=1.0, explanation=words, layers=layers,
        subject_layers=4, reference_layers=5,
    )  # fmt: skip
    svg = draw_layer_map(finding, "ref", "en")
    assert svg is not None
    cells = [each.attributes for each in _Shapes(svg).found if each.tag == "rect" and each.attributes.get("hint")]
    frame = next(each.attributes for each in _Shapes(svg).found if each.tag == "rect")
    cell = float(frame["width"] or 0) / 5
    assert float(frame["height"] or 0) == pytest.approx(4 * cell)
    placed = {
        (
            round((float(each["y"] or 0) - float(frame["y"] or 0)) / cell),
            round((float(each["x"] or 0) - float(frame["x"] or 0)) / cell),
        ): BLUES.index(str(each["fill"]))
        for each in cells
    }
    assert placed == {(0, 2): 0, (1, 0): 3, (3, 3): 3}
    assert ">=50<" in svg and svg.count('stroke-dasharray="4 3"') == 1
    empty = finding.model_copy(update={"layers": []})
    nothing = draw_layer_map(empty, "ref", "ko")
    assert nothing is not None and "대응하는 층 없음" in nothing and BLUES[3] not in nothing
    assert draw_layer_map(empty.model_copy(update={"subject_layers": 0}), "ref", "en") is None


#: All that the page may be made of: nothing here runs, loads, sends or leads away.
TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body header section div span p b br ul li small sup code a i h1 h2 h3 h4 "
        "table thead tbody tr th td figure figcaption svg desc path line rect text tspan",
    )
)
HOSTILE = "</svg></title><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>{{7*7}}\"'&"


def test_hostile_names_are_text_and_nothing_leads_to_another_address(folder: Path, tmp_path: Path) -> None:
    tensors = drawn(3) | {f"model.language_model.layers.0.{HOSTILE}.weight": np.ones((3, 3), np.float32)}
    tensors |= disturbed(component(drawn(1), "vision_tower"), 0.9)
    hostile = written(tmp_path / "m", tensors)
    found = trace(hostile, {HOSTILE: folder / "r"})
    found = found.model_copy(update={"subject": f"{HOSTILE}\udcff"})
    write_report(
        tmp_path / "report.html", found, Provenance(**{**vars(MADE), "command": HOSTILE, "files": [(HOSTILE, "a")]})
    )
    page = (tmp_path / "report.html").read_text("utf-8")
    shapes = _Shapes(page).found
    assert {shape.tag for shape in shapes} <= TAGS
    names = {name for shape in shapes for name in shape.attributes}
    assert not {name for name in names if name.startswith("on")} and not names & {"src", "srcset", "action", "data"}
    links = {shape.attributes["href"] for shape in shapes if "href" in shape.attributes}
    assert links and all(str(link).startswith("#c") for link in links)
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style and "default-src 'none'" in page
    assert "{{7*7}}" in page and "49" not in _text(page).split("alert(2)")[1][:20]
    assert page.count("&lt;script&gt;alert(1)") > 5


def test_without_hostile_names_the_page_holds_no_address_at_all(derived: Trace) -> None:
    assert not re.search(r"https?:|//", render(derived, MADE))


def test_every_test_group_and_reason_has_korean_words(derived: Trace, independent: Trace, indeterminate: Trace) -> None:
    for found in (derived, independent, indeterminate):
        tests = [test for each in found.references[0].components for test in each.tests]
        assert {test.group for test in tests} <= GROUPS.keys() and all(test.note for test in tests)
        assert {row.reason for row in found.coverage} - {""} <= REASONS.keys()
        links = [link for each in found.chain for link in each.links]
        assert {test.test for test in [*tests, *links]} <= TESTS.keys()
    sources = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tasks" / "independence").glob("*.py"))
    assert {*re.findall(r'test="([a-z-]+)"', sources), *re.findall(r'"(aligned-[a-z-]+)"', sources)} <= TESTS.keys()
    assert {*re.findall(r'return "((?:no|its|proves) [^"]+)"', sources)} <= REASONS.keys()


def test_a_p_value_never_looks_smaller_than_it_is() -> None:
    assert [p_in_line(each) for each in (-426.37, -4.0, -3.4, -0.3, 0.0)] == ["10^−426", "10^−4", "0.0004", "0.5", "1"]


def test_a_report_that_cannot_be_written_leaves_what_was_there(independent: Trace, tmp_path: Path) -> None:
    (tmp_path / "taken" / "inside").mkdir(parents=True)
    with pytest.raises(InputFault, match="taken"):
        write_report(tmp_path / "taken", independent, MADE)
    for path, words in (
        (tmp_path / "taken", "a folder"),
        (tmp_path / "none" / "r.html", "no folder"),
        (tmp_path / "taken" / "inside" / "r.html", "which is traced"),
    ):
        with pytest.raises(InputFault, match=words):
            writable_target(path, [tmp_path / "taken"])
    writable_target(tmp_path / "r.html", [tmp_path / "taken"])
    assert [each.name for each in tmp_path.rglob("*")] == ["taken", "inside"]


def test_a_report_stopped_by_a_full_disk_leaves_what_was_there(independent: Trace, tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: half a page is written and refused, the former report stays whole."""
    target, record = tmp_path / "report.html", tmp_path / "trace.json"
    target.write_text("the former report", "utf-8")
    record.write_text(independent.model_dump_json(), "utf-8")
    program = (
        "import sys, datetime, pathlib, resource\n"
        "from checks.contracts.errors import InputFault\n"
        "from checks.records.lineage import Trace\n"
        "from tasks.independence.report import Provenance, write_report\n"
        "found = Trace.model_validate_json(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "made = Provenance('c', '1', 2, {}, datetime.datetime.now())\n"
        "try: write_report(pathlib.Path(sys.argv[2]), found, made)\n"
        "except InputFault as fault: sys.exit(fault.message)\n"
    )
    limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    command = [sys.executable, "-c", program, str(record), str(target)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, preexec_fn=limited)
    assert ran.returncode == 1 and "File too large" in ran.stderr and "Traceback" not in ran.stderr
    assert target.read_text("utf-8") == "the former report"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.html", "trace.json"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert ran.returncode == 0 and target.read_text("utf-8").rstrip().endswith("</html>")


def test_a_test_without_a_null_draws_nothing() -> None:
    assert draw_nulls([LineageTest(test="exact-copy", statistic=1.0, group="all tensors", scope="s")], "en") is None
