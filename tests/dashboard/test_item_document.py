"""An item's own document is shown only where its number is sure to be its line."""

from pathlib import Path

import pytest

from checks.contracts.loading import load_suite
from dashboard.item_document import item_document
from tests.dashboard.small_round import write_round


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one task over ten JSON lines, the fourth with a picture."""
    return write_round(tmp_path / "round").parent / "suites" / "common.yaml"


def test_the_line_of_that_number_with_its_picture(suite: Path) -> None:
    found = item_document(load_suite(suite), "sums", 3)
    assert found is not None
    assert found.fields == {"question": "3 + 3 = ", "answer": "6", "image": "three.png"}
    assert [Path(picture).name for picture in found.pictures] == ["three.png"]
    other = item_document(load_suite(suite), "sums", 4)
    assert other is not None and other.pictures == ()


@pytest.mark.parametrize(
    "change",
    [
        "process_docs: !function images.shuffle\n",
        "include: base.yaml\n",
        "dataset_path: elsewhere/data\n",
        "test_split: test[:5]\n",
    ],
)
def test_a_task_that_may_number_otherwise_shows_nothing(suite: Path, change: str) -> None:
    task = suite.parent / "tasks" / "sums.yaml"
    kept = [
        line for line in task.read_text(encoding="utf-8").splitlines(True) if not line.startswith(change.split(":")[0])
    ]
    task.write_text("".join(kept) + change, encoding="utf-8")
    assert item_document(load_suite(suite), "sums", 3) is None


def test_nothing_is_shown_of_a_line_that_is_not_there_or_no_document(suite: Path) -> None:
    loaded = load_suite(suite)
    assert item_document(loaded, "sums", 10) is None
    assert item_document(loaded, "other", 0) is None
    (suite.parent / "tasks" / "sums.jsonl").write_text("[1]\nnot json\n", encoding="utf-8")
    assert item_document(loaded, "sums", 0) is None and item_document(loaded, "sums", 1) is None


def test_a_picture_outside_the_tasks_folder_is_only_a_name(suite: Path) -> None:
    (suite.parent / "secret.png").write_bytes(b"png")
    (suite.parent / "tasks" / "sums.jsonl").write_text('{"image": "../secret.png"}\n', encoding="utf-8")
    found = item_document(load_suite(suite), "sums", 0)
    assert found is not None and found.pictures == ()
