"""Files as users hand them in: broken lines are counted, unreadable files are one clear message, memory is bounded."""

import io
import json
import os
import pickle
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import zstandard
from pyarrow import parquet

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_submission
from tasks.data_quality import sample_reader
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.inventory import COLUMNS, read_inventory
from tasks.data_quality.licences import is_settled_licence, is_valid_licence
from tasks.data_quality.measure import measure_submission
from tasks.data_quality.sample import measure_sample
from tasks.data_quality.sample_reader import Document, LineCounts, read_shard
from tasks.data_quality.sample_scan import merged, named_shards, scan_sample, scan_shard
from tasks.data_quality.training_log import MAX_LINE_BYTES, read_log
from tests.data_quality.honest_run import HonestRun
from tests.data_quality.sentences import sentence

DOCUMENTS = [{"id": f"d{n}", "source": "wiki", "text": f"문서 {n}"} for n in range(500)]
LINES = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in DOCUMENTS).encode()


def read(path: Path) -> tuple[list[Document], LineCounts]:
    """All documents of a sample."""
    counts = LineCounts()
    return [document for batch in read_shard(path, counts) for document in batch], counts


def test_the_three_formats_hold_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(LINES))
    parquet.write_table(pyarrow.Table.from_pylist(DOCUMENTS), tmp_path / "a.parquet")
    plain, counts = read(tmp_path / "a.jsonl")
    assert [document.id for document in plain] == [f"d{n}" for n in range(500)]
    assert (counts.lines, counts.broken_count) == (500, 0)
    assert read(tmp_path / "a.jsonl.zst")[0] == plain == read(tmp_path / "a.parquet")[0]


def test_two_frames_in_one_file_are_both_read(tmp_path: Path) -> None:
    frame = zstandard.ZstdCompressor().compress(LINES)
    (tmp_path / "a.jsonl.zst").write_bytes(frame + frame)
    assert len(read(tmp_path / "a.jsonl.zst")[0]) == 1000


def test_broken_lines_are_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    broken = [
        b'{"id": "x", "source"',
        b"[1]",
        b'{"id": "x", "source": "s"}',
        b'{"id":"x","source":"s","text":"\xb0\xa1"}',
        b"\xff",
        b'{"id": "x", "source": "s", "text": "half \\ud83d of a sign"}',
        '{"id": "x", "source": "s", "text": "a"}'.encode("utf-16-be"),
    ]
    whole = b'{"id": "x", "source": "s", "text": "all \\ud83d\\ude00 of it, and \\\\ud83d spelt out"}\n'
    path.write_bytes(LINES + b"\n" + b"\n".join(broken) + b"\n" + whole + b"\n" + LINES)
    documents, counts = read(path)
    assert len(documents) == 1001
    assert counts.broken_count == 7 and counts.lines == 1008
    assert [each.split(":")[0] for each in counts.broken] == [f"line {place}" for place in range(502, 509)]
    assert [each.split(": ")[1] for each in counts.broken][4:] == ["not UTF-8", "half a character", "not UTF-8"]
    assert documents[500].line == 509 and documents[501].line == 511


@pytest.mark.parametrize("line", [b"\n", b"{}\n"])
def test_lines_that_hold_nothing_end_before_they_take_minutes(
    line: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    monkeypatch.setattr(sample_reader, "MOST_EMPTY_LINES", 100)
    path.write_bytes(LINES + line * 100 + LINES)
    assert len(read(path)[0]) == 1000
    path.write_bytes(LINES + line * 101)
    with pytest.raises(InputFault, match="100 lines without a document"):
        read(path)


def test_a_gigantic_line_is_counted_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_reader, "MAX_DOCUMENT_BYTES", 100_000)
    path = tmp_path / "a.jsonl.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        writer.write(LINES + b'{"id": "big", "source": "s", "text": "')
        for _ in range(30):
            writer.write(b"a" * 1_000_000)
        writer.write(b'"}\n' + LINES)
    tracemalloc.start()
    documents, counts = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(documents) == 1000 and counts.broken_count == 1
    assert peak < 10_000_000


def test_a_file_that_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_reader, "_ALWAYS_UNFOLDED", 10_000_000)
    path = tmp_path / "bomb.jsonl.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        for _ in range(60):
            writer.write(b" " * 1_000_000)
    with pytest.raises(InputFault, match="once unfolded"):
        read(path)


def test_a_parquet_file_that_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One text of 30 KB, named by every row."""
    monkeypatch.setattr(sample_reader, "_ALWAYS_UNFOLDED", 10_000_000)
    monkeypatch.setattr(sample_reader, "MAX_UNFOLDING", 20)
    for rows in (300, 400):
        texts = pyarrow.array(["가" * 10_000] * rows).dictionary_encode()
        table = pyarrow.table({"id": ["a"] * rows, "source": ["s"] * rows, "text": texts})
        parquet.write_table(table, tmp_path / f"{rows}.parquet")
    assert len(read(tmp_path / "300.parquet")[0]) == 300
    with pytest.raises(InputFault, match="more than 10,000,000 bytes once unfolded"):
        read(tmp_path / "400.parquet")


@pytest.mark.parametrize("damage", ["truncated", "no zstandard"])
def test_damaged_compression_is_one_message(damage: str, tmp_path: Path) -> None:
    data = zstandard.ZstdCompressor().compress(LINES)
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(data[:-20] if damage == "truncated" else LINES)
    with pytest.raises(InputFault, match=r"a\.jsonl\.zst"):
        read(path)


def test_another_format_or_a_parquet_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputFault, match=r"\.jsonl, \.jsonl\.zst or \.parquet"):
        read(tmp_path / "a.txt")
    parquet.write_table(pyarrow.table({"id": ["a"], "body": ["b"]}), tmp_path / "a.parquet")
    with pytest.raises(InputFault, match="source"):
        read(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(InputFault, match=r"b\.parquet"):
        read(tmp_path / "b.parquet")


@pytest.mark.parametrize("column", ["id", "source", "text"])
def test_a_parquet_column_of_another_type_is_named(column: str, tmp_path: Path) -> None:
    values: dict[str, list[Any]] = {"id": ["a"], "source": ["wiki"], "text": ["b"]}
    parquet.write_table(pyarrow.table(values | {column: [[1.5]]}), tmp_path / "a.parquet")
    with pytest.raises(InputFault, match=f"{column}: found a column of the type list"):
        read(tmp_path / "a.parquet")


def test_categories_and_nulls_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    values = {"id": pyarrow.array([1, 2, 3]), "text": pyarrow.array(["가", None, "나"])}
    values["source"] = pyarrow.array(["wiki", "wiki", None]).dictionary_encode()
    parquet.write_table(pyarrow.table(values), tmp_path / "a.parquet")
    documents, counts = read(tmp_path / "a.parquet")
    assert [(document.id, document.text) for document in documents] == [("1", "가")]
    assert counts.broken == ["line 2: no text, or one that is no text", "line 3: no source, or one that is no text"]


def test_a_parquet_text_in_another_encoding_is_counted(tmp_path: Path) -> None:
    texts = pyarrow.Array.from_buffers(
        pyarrow.string(), 2, pyarrow.array([b"\xb0\xa1", "나".encode()], pyarrow.binary()).buffers()
    )
    table = pyarrow.table({"id": ["a", "b"], "source": ["s", "s"], "text": texts})
    parquet.write_table(table, tmp_path / "a.parquet")
    documents, counts = read(tmp_path / "a.parquet")
    assert [each.text for each in documents] == ["나"] and counts.broken == ["line 1: not UTF-8"]


def test_gigantic_texts_of_a_small_parquet_file_are_counted_and_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred times the same 200 KB, 40 MB unfolded, in a file of some kilobytes; a short one is read."""
    monkeypatch.setattr(sample_reader, "MAX_DOCUMENT_BYTES", 100_000)
    monkeypatch.setattr(sample_reader, "UNFOLDED_AT_ONCE", 4_000_000)
    texts = [*["가나다라 " * 15_000] * 200, "글"]
    table = pyarrow.table({"id": [str(n) for n in range(201)], "source": ["wiki"] * 201, "text": texts})
    parquet.write_table(table, tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 20_000
    unfolded: list[int] = []
    rows = sample_reader._rows
    monkeypatch.setattr(
        sample_reader, "_rows", lambda batch, *others: unfolded.append(batch.nbytes) or rows(batch, *others)
    )
    documents, counts = read(tmp_path / "a.parquet")
    assert [document.text for document in documents] == ["글"]
    assert counts.broken_count == 200 and counts.broken[0] == "line 1: longer than 100,000 bytes"
    assert max(unfolded) < 4_000_000 < sum(unfolded)


def log_lines(**changes: Any) -> bytes:
    """Five lines of a log; `changes` go into the third."""
    lines: list[dict[str, Any]] = [{"step": n, "tokens": 8 * n, "loss": 5.0 / n} for n in range(1, 6)]
    lines[2] |= changes
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_a_log_reads_numbers_times_and_oddities(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(log_lines(tokens=24.0, loss=None, time="2026-01-01T09:00:00+09:00", note="restart"))
    log = read_log(path)
    assert log.tokens.tolist() == [8, 16, 24, 32, 40]
    assert str(log.column("loss")[2]) == "nan" and log.column("time")[2] == 1767225600.0
    assert not log.chained and "learning_rate" not in log.present
    path.write_bytes(
        log_lines() + b"nonsense\n" + b"9" * (MAX_LINE_BYTES + 5) + b"\n" + b'{"step": true, "tokens": 1}\n'
    )
    assert [line.split(":")[0] for line in read_log(path).broken_lines] == ["line 6", "line 7", "line 8"]
    path.write_bytes(b"nonsense\n")
    with pytest.raises(InputFault, match="no readable line"):
        read_log(path)


def test_an_inventory_of_korean_excel_reads_and_one_without_a_column_does_not(tmp_path: Path) -> None:
    row = ["위키", "https://…", "CC-BY-SA-4.0", "ko", "10", "100", "2.5", "2026-05-01", "0" * 64]
    path = tmp_path / "corpus.csv"
    path.write_bytes((",".join(COLUMNS) + "\r\n" + ",".join(row) + "\r\n").replace("…", "x").encode("cp949"))
    inventory, measured = read_inventory(path)
    assert inventory.languages == {"위키": "ko"} and inventory.tokens_read == 250
    assert sum(each.bad for each in measured) == 0
    path.write_text("source,url\nwiki,x\n", encoding="utf-8")
    with pytest.raises(InputFault, match="licence"):
        read_inventory(path)


@pytest.mark.parametrize(
    ("expression", "valid", "settled"),
    [
        ("Apache-2.0", True, True),
        ("cc-by-4.0", True, True),
        ("MIT OR GPL-2.0-only WITH Classpath-exception-2.0", True, True),
        ("LicenseRef-KOGL-1 AND LicenseRef-AI-Hub", True, True),
        ("공공누리-4", True, True),
        ("NOASSERTION", True, False),
        ("", False, False),
        ("  ", False, False),
        ("apache 2.0", False, False),
        ("LicenseRef-our-own", False, False),
        ("MIT AND", False, False),
        ("OpenRAIL", False, False),
    ],
)
def test_licences(expression: str, valid: bool, settled: bool) -> None:
    assert (is_valid_licence(expression), is_settled_licence(expression)) == (valid, settled)


@pytest.mark.parametrize("where", ["model", "evidence/step-4"])
def test_corrupt_weights_stop_the_submission_with_one_message(where: str, copied: HonestRun) -> None:
    path = copied.folder / where / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputFault, match=r"model\.safetensors"):
        measure_submission(load_submission(copied.manifest))


@pytest.mark.parametrize("name", ["validation", "segments"])
def test_documents_for_the_losses_that_cannot_be_read_are_one_message(name: str, copied: HonestRun) -> None:
    """Not "could not be run": that is what weights are that transformers does not take."""
    (copied.folder / f"evidence/{name}.jsonl.zst").write_bytes(b"no zstandard")
    with pytest.raises(InputFault, match=rf"{name}\.jsonl\.zst: found ZSTD"):
        measure_submission(load_submission(copied.manifest), losses=lambda *_: pytest.fail("asked before all is read"))


@pytest.mark.parametrize(
    "name", ["submission.yaml", "evidence/train.jsonl", "evidence/sample.jsonl.zst", "shards/a.jsonl"]
)
def test_a_pipe_is_refused_and_not_waited_for(name: str, copied: HonestRun) -> None:
    path = copied.folder / name
    if name.startswith("shards"):
        path.parent.mkdir()
        copied.change_manifest(lambda data: data["evidence"]["corpus"].update(sample="shards/"))
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(InputFault, match="a pipe or a device"):
        measure_submission(load_submission(copied.manifest))


def test_reading_is_a_stream(tmp_path: Path) -> None:
    """Ten times the documents need no more memory."""

    def peak(times: int) -> int:
        path = tmp_path / f"{times}.jsonl.zst"
        line = json.dumps({"id": "d", "source": "wiki", "text": "가나다라 " * 500}, ensure_ascii=False).encode() + b"\n"
        buffer = io.BytesIO(line * 200 * times)
        path.write_bytes(zstandard.ZstdCompressor().compress(buffer.getvalue()))
        del buffer
        counts = LineCounts()
        tracemalloc.start()
        seen = sum(len(batch) for batch in read_shard(path, counts))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == 200 * times
        return top

    assert peak(40) < 1.5 * peak(4)


def test_a_folder_of_shards_is_read_whole_whatever_is_read_where(tmp_path: Path) -> None:
    """One file, or three that are scanned apart, travel as bytes and are merged in any order: the same measurements."""
    rng = random.Random(4)
    items = [BenchmarkItem("t", n, f"{sentence(rng)} {sentence(rng)}") for n in range(20)]
    texts = [f"{sentence(rng)} 010-1234-{n:04} {items[n % 20].text if n % 7 == 0 else ''}" for n in range(90)]
    lines = [json.dumps({"id": f"d{n % 80:02}", "source": "wiki", "text": text}) + "\n" for n, text in enumerate(texts)]
    (tmp_path / "a.jsonl").write_text("".join([*lines, "broken\n"]), encoding="utf-8")
    folder = tmp_path / "sample/deeper"
    folder.mkdir(parents=True)
    (folder / "0.jsonl").write_text("".join(lines[:30]), encoding="utf-8")
    (folder / "1.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress("".join(lines[30:70]).encode()))
    (folder / "2.jsonl").write_text("".join([*lines[70:], "broken\n"]), encoding="utf-8")
    whole = measure_sample(scan_sample(tmp_path / "a.jsonl", items), None, items)
    shards = named_shards(tmp_path / "sample")
    for order in (shards, shards[::-1]):
        scans = [pickle.loads(pickle.dumps(scan_shard(path, items, name=name))) for name, path in order]
        in_order = scans if order is shards else scans[::-1]
        parted = measure_sample(merged(scans), None, items)
        assert parted[1:] == whole[1:] and len(parted[1]) == 13
        for one, other in zip(whole[0], parted[0], strict=True):
            assert one.model_copy(update={"examples": []}) == other.model_copy(update={"examples": []})
    (broken,) = [each for each in parted[0] if each.check == "lines-readable"]
    assert broken.examples == ["deeper/2.jsonl, line 21: no JSON"]
    (ids,) = [each for each in whole[0] if each.check == "ids-distinct"]
    assert (ids.bad, ids.examples[0]) == (10, "line 81 repeats line 1")
    assert [
        each.examples[0] for each in measure_sample(merged(in_order), None, items)[0] if each.check == ids.check
    ] == ["deeper/2.jsonl, line 11 repeats deeper/0.jsonl, line 1"]
    (folder / "notes.txt").write_text("x")
    with pytest.raises(InputFault, match=r"notes\.txt"):
        named_shards(tmp_path / "sample")
