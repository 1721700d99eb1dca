"""`report` and `bundle --profile`: what the agency hands to whom, on a round decided from tables."""

import hashlib
import shutil
from pathlib import Path

import pytest
import typst

from checks.contracts.errors import InputFault
from tasks.round_report import ending_of
from tests.cli.command import contents, gwanmun, in_process
from tests.cli.programmes import write_two_teams


@pytest.fixture(scope="module")
def signed(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The decided round with keys of its own."""
    folder = shutil.copytree(decided, tmp_path_factory.mktemp("handing-out") / "round")
    assert in_process("keys", folder / "keys").code == 0
    return folder


def test_each_reader_gets_a_report_and_a_bundle_of_one_decision(signed: Path, tmp_path: Path) -> None:
    before = contents(signed)
    pdf = gwanmun("report", signed, "--out", tmp_path / "r.pdf", "--json").document
    made = (tmp_path / "r.pdf").read_bytes()
    assert made.startswith(b"%PDF") and hashlib.sha256(made).hexdigest() == pdf["sha256"]
    assert in_process("report", signed, "--out", tmp_path / "p.html", "--profile", "public").code == 0
    assert "비공개" in (tmp_path / "p.html").read_text(encoding="utf-8")
    whole = in_process("bundle", signed, "--out", tmp_path / "a.zip", "--json").document
    own = in_process(
        "bundle", signed, "--profile", "team", "--team", "b", "--out", tmp_path / "b.zip", "--json"
    ).document
    assert (whole["profile"], whole["withheld"], own["team"]) == ("auditor", 0, "b")
    assert whole["contents"] == own["contents"] and own["withheld"] > 0
    assert contents(signed) == before
    found = in_process("verify", tmp_path / "b.zip", "--key", signed / "keys" / "public.pem")
    assert found.code == 0 and f"rules not re-run: {own['withheld']} values withheld" in found.out
    assert "same decision" not in found.out and "같은 결정" not in found.out
    told = in_process("verify", tmp_path / "b.zip", "--json").document
    assert (told["holds"], told["rules_applied_again"], "decision" in told) == (True, False, False)


def test_what_may_not_be_handed_out_is_refused(signed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(signed, tmp_path / "round")
    text = (folder / "programme.yaml").read_text(encoding="utf-8")
    (folder / "programme.yaml").write_text(
        text.replace("embargo_until: 2026-01-15", "embargo_until: 9999-12-31"), "utf-8"
    )
    out = tmp_path / "out"
    out.mkdir()
    for command, file in (("report", "r.html"), ("bundle", "b.zip")):
        refused = in_process(command, folder, "--profile", "public", "--out", out / file)
        refused.refused("programme.yaml", "embargo_until", "an embargo until 9999-12-31")
        in_process(command, signed, "--profile", "press", "--out", out / file).refused("--profile", "one of public")
        in_process(command, signed, "--team", "b", "--out", out / file).refused("--team", "with --profile")
        in_process(command, folder, "--out", out / file).refused("changed since the decision was recorded")
        in_process(command, signed, "--out", out / "nowhere" / file).refused("nowhere")
    in_process("report", signed, "--out", out / "r.docx").refused(".docx", ".html or .pdf")
    assert list(out.iterdir()) == []
    (folder / "programme.yaml").write_text(text.replace("public: [summary", "public: [raters"), "utf-8")
    in_process("check", folder).refused("disclosure.public", "raters", code=1)


@pytest.mark.parametrize(("command", "file"), [("report", "r.html"), ("bundle", "b.zip")])
def test_only_a_file_of_its_own_is_replaced(signed: Path, tmp_path: Path, command: str, file: str) -> None:
    folder = shutil.copytree(signed, tmp_path / "round")
    out = tmp_path / file
    for _ in range(2):
        assert in_process(command, folder, "--out", out).code == 0
    made = out.read_bytes()
    for content in (b"", b"my notes", b"<!doctype html><html><head></head></html>", b"PK\x03\x04 some zip"):
        out.write_bytes(content)
        in_process(command, folder, "--out", out).refused(file, "found another file, no", "a new file, or a")
        assert out.read_bytes() == content
    out.write_bytes(made)
    assert in_process(command, folder, "--out", out).code == 0


def test_a_pdf_is_replaced_where_it_is_a_report(tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    out.write_bytes(typst.compile(b"report", format="pdf", timestamp=0))
    assert ending_of(out) == ".pdf"
    out.write_bytes(b"%PDF-1.4 of another program")
    with pytest.raises(InputFault, match="another file, no report"):
        ending_of(out)


def test_no_file_of_the_programme_is_written_over(signed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(signed, tmp_path / "round")
    before = contents(folder)
    named = ["programme.yaml", "keys/private.pem", "keys/public.pem", "panels/user.csv", "warehouse/main.duckdb"]
    for name in named:
        assert name in before
        in_process("bundle", folder, "--out", folder / name).refused(name, "found another file, no evidence bundle")
    in_process("bundle", folder, "--out", folder / "warehouse" / "b.zip").refused("b.zip", "the warehouse")
    in_process("report", folder, "--out", folder / "warehouse" / "r.html").refused("r.html", "the warehouse")
    assert contents(folder) == before
    assert in_process("bundle", folder, "--out", folder / "b.zip").code == 0


def test_nothing_is_written_beside_weights(models: Path, tmp_path: Path) -> None:
    programme = write_two_teams(models, tmp_path)
    for place in ("known", "t1/model"):
        refused = in_process("bundle", programme, "--out", tmp_path / place / "b.zip")
        refused.refused("b.zip", "whose content is measured", "a file elsewhere")
    in_process("bundle", programme, "--out", tmp_path / "b.zip").refused("private.pem")
