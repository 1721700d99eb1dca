"""What a committee sees, and what the page asks of the network: nothing beyond this machine."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Visit, free_port, served

pytestmark = pytest.mark.browser

#: Draws a syllable in the page's own font and gives back its pixels; a missing glyph is the same box for all.
DRAWN = """syllable => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 60, height: 60});
    const ink = canvas.getContext('2d');
    ink.font = '48px ' + getComputedStyle(document.querySelector('h1')).fontFamily;
    ink.fillText(syllable, 4, 50);
    return Array.from(ink.getImageData(0, 0, 60, 60).data).join();
}"""


def test_every_page_is_there_in_korean_and_english_and_asks_nobody_else(visit: Visit, address: str) -> None:
    visit.page.goto(address)
    visit.wait()
    assert "Ranking" in visit.page.get_by_role("heading", level=1).inner_text()
    assert "모의 자료입니다" in visit.page.locator(".gw-banner").inner_text()
    rows = visit.table("ranking")
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5"]
    assert rows[2][1:3] == ["나팀 Team B", "× 탈락 Out"]
    shapes = {visit.page.evaluate(DRAWN, syllable) for syllable in "가힣뷁팀"}
    assert len(shapes) == 4, "different syllables look the same: there is no Korean font"
    assert any(set(shape.split(",")) != {"0"} for shape in shapes)
    links = visit.page.locator('[data-testid="stSidebarNav"] a')
    for index in range(links.count()):
        name = links.nth(index).inner_text()
        links.nth(index).click()
        visit.page.get_by_role("heading", level=1, name=name).wait_for()
        visit.wait()
        assert not visit.page.get_by_text("Traceback").count()
    hosts = {urlsplit(url).hostname for url in visit.requests if urlsplit(url).scheme not in ("data", "blob")}
    assert hosts == {"127.0.0.1"} and len(visit.requests) > 10
    assert visit.complaints == []


def test_another_policy_and_another_weight_move_teams_and_say_what_if(visit: Visit, address: str) -> None:
    visit.page.goto(f"{address}/?lang=en")
    visit.wait()
    visit.page.get_by_role("link", name="WHAT-IF").click()
    visit.page.get_by_role("heading", level=1, name="WHAT-IF").wait_for()
    visit.wait()
    headline = visit.page.locator('[data-block="what-if-headline"]')
    assert "No rule is changed yet" in headline.inner_text()
    visit.page.get_by_text("advisory", exact=True).click()
    visit.page.get_by_text("Whose outcome changes: Team B").wait_for()
    moved = visit.page.locator('table[data-table="moves"] tr', has_text="Team B")
    moved.get_by_text("Out → Advances").wait_for()
    assert [cell.split()[-1] for cell in moved.locator("td").all_inner_texts()[:2]] == ["Independence", "Advances"]
    slider = visit.page.get_by_role("slider", name="Benchmark")
    slider.focus()
    slider.press("ArrowRight")
    visit.page.get_by_text("Benchmark: 40 → 41").wait_for()
    visit.wait()
    assert visit.page.get_by_role("slider", name="Experts").input_value() == "59"
    assert "WHAT-IF" in headline.inner_text()
    assert visit.page.locator('table[data-table="moves"] caption').inner_text().count("WHAT-IF") == 1
    assert visit.complaints == []


def test_a_team_in_the_ranking_leads_to_its_page_in_the_same_language(visit: Visit, address: str) -> None:
    visit.page.goto(f"{address}/?lang=ko")
    visit.wait()
    visit.page.locator('table[data-table="ranking"]').get_by_role("link", name="라팀").click()
    visit.page.get_by_role("heading", level=1, name="팀별 결과").wait_for()
    visit.wait()
    assert visit.table("points-d")[1][:2] == ["총점", "70.00"]


def test_a_pages_own_address_opens_it_whole_though_nothing_was_asked_before(visit: Visit, programme: Path) -> None:
    port = free_port()
    with served(programme, port):
        visit.page.goto(f"http://127.0.0.1:{port}/independence?lang=ko&team=b")
        visit.wait()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "독자성"
        assert "모의 자료입니다" in visit.page.locator(".gw-banner").inner_text()
        names = visit.page.locator('[data-testid="stSidebarNav"] a').all_inner_texts()
        assert names == [
            "순위와 결정",
            "팀별 결과",
            "얼마나 확실한가",
            "가정해 보기 (WHAT-IF)",
            "평가위원과 위원회 결정",
            "벤치마크",
            "독자성",
            "데이터 품질",
            "직접 조회 (SQL)",
        ]
        assert visit.page.locator("table.gw-table th").first.evaluate("th => getComputedStyle(th).textAlign") == "left"
        layers = visit.page.get_by_role("img", name="층 대응 지도").first
        layers.wait_for()
        assert layers.evaluate("each => each.complete && each.naturalWidth > 100"), "drawn, and not a broken picture"


def test_the_pages_structure_is_there_for_a_screen_reader(visit: Visit, address: str) -> None:
    visit.page.goto(f"{address}/?lang=en")
    visit.wait()
    visit.page.get_by_role("rowheader", name="Decision hash").wait_for()
    assert visit.page.get_by_role("heading", level=1).count() == 1
    assert visit.page.get_by_role("rowheader", name="1", exact=True).count() == 1
    assert visit.page.get_by_role("columnheader", name="Status").count() == 1
    assert visit.page.get_by_role("region", name="ranking").count() == 1
    assert visit.page.locator('[lang="ko"]').count() == 0
