"""`trace`, `fingerprint`, `score` and `audit` as their users call them."""

import hashlib
import json
from pathlib import Path

import pytest

from flows.cli.trace import against_each
from tests.benchmark.suites import FULL_TEXT, documents, write_suite, write_task
from tests.benchmark.tiny_models import save_llama
from tests.cli.command import contents, gwanmun, in_process
from tests.cli.programmes import write_submission
from tests.dashboard.drawn import cells_of


def test_trace_against_two_references(models: Path) -> None:
    subject, known, other = models / "borrower", models / "known", models / "other"
    answer = gwanmun("trace", subject, "--against", known, other, "--json", "--fail-on", "derived")
    assert answer.code == 1, answer
    found = answer.document
    verdicts = {each["reference"]: each["verdict"] for each in found["references"]}
    assert (found["subject"], found["verdict"], verdicts) == (
        str(subject),
        "derived",
        {"known": "derived", "other": "derived"},
    )
    by_part = {each["component"]: each for each in found["references"][0]["components"]}
    assert by_part["vision_tower"]["verdict"] == "derived" and by_part["language_model"]["verdict"] != "derived"
    _every_p_value_stands_beside_its_logarithm(found)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("s --against a b --json", "s --against a --against b --json"),
        ("s --against a --against b c", "s --against a --against b --against c"),
        ("s --json --against a b c", "s --json --against a --against b --against c"),
        ("--against=a s", "--against=a s"),
        ("s --against a -- b", "s --against a -- b"),
    ],
)
def test_one_against_takes_every_reference_that_follows(written: str, read: str) -> None:
    assert against_each(written.split()) == read.split()


def _every_p_value_stands_beside_its_logarithm(value: object) -> None:
    if isinstance(value, dict):
        assert ("p_value" in value) == ("log10_p" in value)
        if value.get("identity"):
            assert value["p_value"] is None and value["log10_p"] is None
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        _every_p_value_stands_beside_its_logarithm(each)


def test_trace_on_the_terminal(models: Path, tmp_path: Path) -> None:
    apart = gwanmun("trace", models / "known", "--against", models / "other")
    assert apart.code == 0 and "no derivation found" in apart.out and "파생 흔적 없음" in apart.out
    same = in_process("trace", models / "known", "--against", models / "known")
    assert same.code == 0 and "identical" in same.out and "are the same folder" in same.err
    twice = models / "known" / ".." / "other"
    in_process("trace", models / "known", "--against", models / "other", twice).refused("--against", "twice")
    in_process("trace", models / "none", "--against", models / "other").refused("none", "no such folder")


def test_trace_writes_a_report_and_judges_the_chain_without_a_programme(models: Path, tmp_path: Path) -> None:
    subject, known = models / "borrower", models / "known"
    report = tmp_path / "report.html"
    given = (
        "trace",
        subject,
        "--against",
        known,
        "--checkpoint",
        f"0={models / 'other'}",
        "--report",
        report,
        "--json",
    )
    answer = gwanmun(*given)
    assert answer.code == 0, answer
    chain = {each["component"]: each["result"] for each in answer.document["chain"]}
    assert chain["language_model"] == "supported" and chain["vision_tower"] == "contradicted"
    page = report.read_text("utf-8")
    assert f"gwanmun trace {subject} --against {known} --checkpoint 0=" in page and page.count("<svg") >= 3
    hashes = dict(cells_of(page, "files")[1:])
    weights = known / "model.safetensors"
    assert hashes[str(weights)] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert len(hashes) == 6  # two files of each of three models
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("given", ["step-0", "x=m", "0=", "-1=m", "²=m"])
def test_a_checkpoint_is_a_step_and_a_folder(models: Path, given: str) -> None:
    command = ("trace", models / "known", "--against", models / "other")
    in_process(*command, f"--checkpoint={given}").refused("--checkpoint", "STEP=DIR")
    twice = in_process(*command, "--checkpoint", "0=a", "--checkpoint", "00=b")
    twice.refused("--checkpoint", "step 0 twice")


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_measured(models: Path, tmp_path: Path) -> None:
    before = contents(models)
    command = ("trace", models / "known", "--against", models / "other", "--report")
    in_process(*command, tmp_path).refused(str(tmp_path), "a folder")
    in_process(*command, tmp_path / "none" / "r.html").refused("r.html", "no folder")
    in_process(*command, models / "other" / "model.safetensors").refused("which is traced")
    broken = tmp_path / "r.html"
    in_process("trace", models / "none", "--against", models / "other", "--report", broken).refused("no such folder")
    assert contents(models) == before and list(tmp_path.iterdir()) == []


def test_references_of_the_same_name_are_told_apart(models: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "known").symlink_to(models / "other")
    (tmp_path / "b").mkdir()
    copied = tmp_path / "b" / "other"
    copied.mkdir()
    for file in (models / "known").iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    found = in_process("trace", models / "borrower", "--against", copied, tmp_path / "a" / "known", "--json").document
    assert [each["reference"] for each in found["references"]] == [str(copied), str(tmp_path / "a" / "known")]


def test_a_fingerprint_takes_the_references_place(models: Path, tmp_path: Path) -> None:
    catalogue = tmp_path / "fingerprints"
    made = in_process("fingerprint", models / "known", "--id", "known-1", "--catalogue", catalogue, "--json").document
    assert made["id"] == "known-1" and Path(made["fingerprint"]).is_relative_to(catalogue)
    report = tmp_path / "report.html"
    given = ("trace", models / "borrower", "--against-catalogue", catalogue)
    found = in_process(*given, "--report", report, "--json").document
    assert found["verdict"] == "derived" and [each["reference"] for each in found["references"]] == ["known-1"]
    assert made["fingerprint"] in dict(cells_of(report.read_text("utf-8"), "files")[1:])
    in_process(*given, "--report", catalogue / "report.html").refused("which is traced")
    in_process("trace", models / "borrower", "--against-catalogue", tmp_path / "none").refused("none")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model that can be scored, and a suite of nine items."""
    folder = tmp_path_factory.mktemp("scored")
    write_task(folder / "tasks", "text", FULL_TEXT, documents(9), examples=documents(40)[30:])
    return save_llama(folder / "model"), write_suite(folder, [{"id": "text", "use": "tasks/text.yaml"}]).path


def test_score_writes_items_and_goes_on_from_them(scored: tuple[Path, Path], tmp_path: Path) -> None:
    model, suite = scored
    items = tmp_path / "items.jsonl"
    first = gwanmun("score", model, "--suite", suite, "--items", items, "--device", "cpu", "--json")
    assert first.code == 0, first
    lines = [json.loads(line) for line in items.read_text().splitlines()]
    task = first.document["tasks"]["text"]
    assert first.document["model"] == str(model) and (task["metric"], task["n"], len(lines)) == ("acc", 9, 9)
    assert task["value"] == pytest.approx(sum(line["correct"] for line in lines) / 9)
    assert task["ci95"][0] <= task["value"] <= task["ci95"][1] and first.document["items_per_second"] > 0
    assert first.document["engine"]["ways"] == {"scoring": "prefix tree"}
    assert first.document["engine"]["budget"]["tokens"] > 1

    content = items.read_bytes()
    items.write_bytes(b"".join(content.splitlines(keepends=True)[:4]))
    resumed = in_process("score", model, "--suite", suite, "--items", items, "--resume", "--json")
    assert items.read_bytes() == content and resumed.document["tasks"] == first.document["tasks"]
    nothing_left = in_process("score", model, "--suite", suite, "--items", items, "--resume", "--json")
    assert nothing_left.document["items_per_second"] is None and nothing_left.document["engine"] == {}
    in_process("score", model, "--suite", suite, "--items", items).refused("items.jsonl", "a new file, or --resume")
    assert items.read_bytes() == content


def test_a_chat_template_that_the_model_does_not_have(scored: tuple[Path, Path], tmp_path: Path) -> None:
    model, suite = scored
    asking = suite.with_name("chat.yaml")
    asking.write_text(suite.read_text() + "chat_template: true\n")
    items = tmp_path / "items.jsonl"
    words = ("tokenizer_config.json: chat_template: found nothing", "which the suite asks for (chat_template: true)")
    in_process("score", model, "--suite", asking, "--items", items, "--json").refused(*words)
    assert not items.exists()


def test_options_that_score_does_not_take(scored: tuple[Path, Path]) -> None:
    model, suite = scored
    for option, value, word in (
        ("--limit", "0", "at least 1"),
        ("--device", "abacus", "cpu"),
        ("--dtype", "int3", "float32"),
    ):
        in_process("score", model, "--suite", suite, option, value).refused(value, word)


def test_audit_of_a_submission_that_hands_in_a_model_only(
    models: Path, scored: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "model").symlink_to(models / "other")
    submission = write_submission(tmp_path)
    submission.write_text(submission.read_text().replace('"version": 1', '"version": 1, "allow_outside": true'))
    answer = gwanmun("audit", submission, "--suite", scored[1], "--json")
    assert answer.code == 0, answer
    document = answer.document
    assert (document["team"], document["verdict"]) == ("t1", "conditional")
    assert document["contamination"] == {"items": 0, "flagged": []}
    keys = {"check", "subject", "success", "observed", "expected", "rows"}
    assert document["checks"] and all(keys <= check.keys() for check in document["checks"])
    assert all(check["success"] == (check["outcome"] == "pass") for check in document["checks"])
    assert any(check["check"].startswith("items.") and check["rows"] >= 9 for check in document["checks"])
