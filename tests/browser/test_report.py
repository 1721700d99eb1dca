"""The reports of a trace and of a round in a real browser: they ask for nothing, show their pictures, and fit a printed page."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.contracts.disclosure import audience
from checks.contracts.loading import load_programme
from tasks.independence import trace
from tasks.independence.report import Provenance, write_report
from tasks.round_report import read_report, round_document, write_document
from tests.browser.conftest import Visit
from tests.independence.drawn_models import component, disturbed, drawn, written

pytestmark = pytest.mark.browser

#: Pixels of A4 between margins of 14 mm, at 96 to the inch.
PRINTED_WIDTH = 687
OVERFLOWING = """() => [...document.querySelectorAll('body *')]
    .filter(each => !each.closest('svg') && each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(each => each.tagName + ' ' + each.textContent.slice(0, 40))"""


def test_a_report_asks_for_nothing_shows_its_pictures_and_fits_paper(visit: Visit, tmp_path: Path) -> None:
    parent = drawn(1, layers=6)
    child = drawn(3, layers=6) | disturbed(component(parent, "vision_tower"), 0.9)
    found = trace(written(tmp_path / "m", child), {"a-reference": written(tmp_path / "r", parent)})
    report = tmp_path / "report.html"
    files = [(f"a/rather/long/folder/of/a/model/model-{n:05}-of-00010.safetensors", "ab" * 32) for n in range(2)]
    write_report(report, found, Provenance("gwanmun trace m", "0.1.0", 2, {"numpy": "2"}, datetime.now(UTC), files))
    visit.page.goto(report.as_uri())
    assert visit.requests == [report.as_uri()] and visit.complaints == []
    assert "가중치 계보 보고서" in visit.page.get_by_role("heading", level=1).inner_text()
    drawings = visit.page.locator("svg")
    assert drawings.count() >= 5
    for place in range(drawings.count()):
        box = drawings.nth(place).bounding_box()
        assert box is not None and box["width"] > 200 and box["height"] > 100
    assert visit.page.get_by_role("img", name="층 대응 지도 · Layer map").count() == 2
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": PRINTED_WIDTH, "height": 1000})
    assert visit.page.evaluate(OVERFLOWING) == []


def test_a_rounds_report_asks_for_nothing_and_fits_paper(visit: Visit, programme: Path, tmp_path: Path) -> None:
    report = tmp_path / "round.html"
    source = read_report(load_programme(programme), None)
    write_document(report, round_document(source, audience(None, "committee")))
    visit.page.goto(report.as_uri())
    assert visit.requests == [report.as_uri()] and visit.complaints == []
    assert visit.page.locator("svg").count() >= 2
    assert len(visit.table("ranking")) == 1 + len(source.decision.standings)
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": PRINTED_WIDTH, "height": 1000})
    assert visit.page.evaluate(OVERFLOWING) == []
