"""The small round served by `gwanmun dashboard`, and pages of Chromium that note every request and every complaint."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.dashboard.small_round import measure, record, write_round

#: Chromium itself asks for nothing: no updates, no first-run pages, no look-ups.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
WAIT_MS = 90_000


@dataclass
class Visit:
    """A browser's page with the addresses that it asked for and the errors that it wrote to its console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def wait(self) -> None:
        """Until the page has been drawn to its end."""
        self.page.get_by_role("heading", level=1).first.wait_for()
        self.page.wait_for_selector(READY)
        self.page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")

    def table(self, name: str) -> list[list[str]]:
        """A table's rows as a reader sees them."""
        rows = self.page.locator(f'table[data-table="{name}"] tr').all()
        return [[" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()] for row in rows]


@contextmanager
def served(programme: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """`gwanmun dashboard`, ready to answer; ended by SIGTERM, to which it answers with exit code 0."""
    command = [str(Path(sys.executable).with_name("gwanmun")), "dashboard", str(programme), "--port", str(port)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = child.stderr.readline()
    assert f"http://127.0.0.1:{port}" in said, said + child.stderr.read()
    try:
        yield child
    finally:
        child.terminate()
        rest = child.stderr.read()
        assert child.wait(30) in (0, -9), rest


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small round, measured and decided."""
    made = write_round(tmp_path_factory.mktemp("served") / "round")
    measure(made)
    record(made)
    return made


@pytest.fixture(scope="session")
def address(programme: Path) -> Iterator[str]:
    """Where the small round is served."""
    port = free_port()
    with served(programme, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = shutil.which("chromium")
    assert found, "Chromium is missing: apt-get install chromium fonts-noto-cjk fontconfig"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """An empty page, watched."""
    page = chromium.new_page(viewport={"width": 1400, "height": 1000}, locale="ko-KR")
    page.set_default_timeout(WAIT_MS)
    made = Visit(page)

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            made.complaints.append(message.text)

    page.on("request", lambda request: made.requests.append(request.url))
    page.on("websocket", lambda opened: made.requests.append(opened.url))
    page.on("console", note)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    page.close()
