"""Reads a corpus sample as a stream: JSONL, JSONL.zst or Parquet with id, source, text, or a folder of such shards.

Memory does not grow with the files.

>>> for shard in sample_shards(Path("evidence/sample")):
...     for batch in read_shard(shard, counts):
...         print(len(batch), batch[0].id)
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_pipe

#: A document longer than this is counted as broken and not held in memory.
MAX_DOCUMENT_BYTES = 16_000_000
#: Letters that are looked at together: enough for loops to be worth their start, little enough for the processor's memory.
BATCH_LETTERS = 1_000_000
MOST_EXAMPLES = 20
#: Text shrinks to a tenth or a twentieth; a file that unfolds further than this is no text (a decompression bomb).
MAX_UNFOLDING = 1000
_ALWAYS_UNFOLDED = 100_000_000
#: Lines of a file that hold no document, empty ones included: a file with more is no sample, and would take minutes to count.
MOST_EMPTY_LINES = 1_000_000
#: Bytes of a Parquet file's rows that are unfolded together, and between how many rows they are.
UNFOLDED_AT_ONCE = 256_000_000
MOST_ROWS, LEAST_ROWS = 256, 8
FIELDS = ("id", "source", "text")
SUFFIXES = (".jsonl", ".json", ".ndjson", ".zst", ".parquet")


class Document(NamedTuple):
    """One document of the sample; `line` is its place in its file, `step` the optimiser step that read it, where it is said."""

    id: str
    source: str
    text: str
    line: int = 0
    step: int | None = None


@dataclass
class LineCounts:
    """What the reader saw: lines that are not empty, those of them that are no document, and the empty ones of the file."""

    lines: int = 0
    empty: int = 0
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0

    shard: str = ""

    def add_broken(self, reason: str) -> None:
        """Counts a broken line and keeps the first few reasons."""
        self.broken_count += 1
        if len(self.broken) < MOST_EXAMPLES:
            self.broken.append(f"{self.shard}line {self.place}: {reason}")

    @property
    def place(self) -> int:
        """Which line of its file the last one was."""
        return self.lines + self.empty

    def merge(self, other: "LineCounts") -> None:
        """Adds what was seen elsewhere."""
        self.lines += other.lines
        self.broken_count += other.broken_count
        self.broken = [*self.broken, *other.broken][:MOST_EXAMPLES]


def sample_shards(path: Path) -> list[Path]:
    """The files of a sample: itself, or those of its folder and the folders in it, by name.

    Raises InputFault for a folder without any, and for a file in it that is no shard: what was not read is no sample.
    """
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.rglob("*") if not each.is_dir() and not each.name.startswith((".", "_")))
    if not files:
        raise InputFault(path, found="an empty folder", expected="a folder of .jsonl, .jsonl.zst or .parquet files")
    for each in files:
        _check_suffix(each)
        refuse_pipe(each)
    return files


def read_shard(path: Path, counts: LineCounts) -> Iterator[list[Document]]:
    """Batches of documents; broken lines go to `counts`, which are the file's own.

    Raises InputFault for a file that cannot be read at all: another format, a missing column, truncated or corrupt
    compression, one that unfolds beyond MAX_UNFOLDING or has more than MOST_EMPTY_LINES without a document.
    """
    _check_suffix(path)
    documents = _parquet(path, counts) if path.suffix == ".parquet" else _json_lines(path, counts)
    batch: list[Document] = []
    letters = 0
    for document in documents:
        batch.append(document)
        letters += len(document.text) + 1
        if letters >= BATCH_LETTERS:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _json_lines(path: Path, counts: LineCounts) -> Iterator[Document]:
    try:
        with _opened(path) as stream:
            for line in _bounded_lines(path, stream):
                document = None
                if line is not None and not line.strip():
                    counts.empty += 1
                else:
                    counts.lines += 1
                    document = _document(line, counts)
                if document is not None:
                    yield document
                elif counts.broken_count + counts.empty > MOST_EMPTY_LINES:
                    found = f"more than {MOST_EMPTY_LINES:,} lines without a document"
                    raise InputFault(path, found=found, expected="a corpus sample")
    except OSError as error:
        raise InputFault(path, found=error.strerror or str(error), expected="a readable corpus sample") from None


def _opened(path: Path) -> BinaryIO:
    import pyarrow

    if path.suffix == ".zst":
        # pyarrow, unlike the zstandard package's reader, says so when the file ends in the middle of a frame.
        return cast(BinaryIO, io.BufferedReader(pyarrow.input_stream(str(path), compression="zstd"), 1 << 20))
    return path.open("rb")


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise InputFault(path, found=f"a file that ends in {path.suffix!r}", expected=".jsonl, .jsonl.zst or .parquet")


def _bounded_lines(path: Path, stream: BinaryIO) -> Iterator[bytes | None]:
    """Every line, None for one longer than a document may be."""
    most = _most_unfolded(path)
    unfolded = 0
    while line := stream.readline(MAX_DOCUMENT_BYTES):
        unfolded += len(line)
        whole = line.endswith(b"\n") or len(line) < MAX_DOCUMENT_BYTES
        while not whole:
            rest = stream.readline(MAX_DOCUMENT_BYTES)
            unfolded += len(rest)
            whole = rest.endswith(b"\n") or not rest
            line = b""
            if unfolded > most:
                break
        if unfolded > most:
            raise _unfolds_without_end(path, most)
        yield line or None


def _most_unfolded(path: Path) -> int:
    """Bytes of text that a file of its size can hold."""
    return max(_ALWAYS_UNFOLDED, MAX_UNFOLDING * path.stat().st_size)


def _unfolds_without_end(path: Path, most: int) -> InputFault:
    return InputFault(path, found=f"more than {most:,} bytes once unfolded", expected="compressed text")


def _document(line: bytes | None, counts: LineCounts) -> Document | None:
    if line is None:
        counts.add_broken(f"longer than {MAX_DOCUMENT_BYTES:,} bytes")
        return None
    try:
        if b"\0" in line:  # UTF-16 or UTF-32, which `json` would read where a line begins evenly
            raise UnicodeError
        fields = json.loads(line)
    except UnicodeError:
        counts.add_broken("not UTF-8")
        return None
    except (ValueError, RecursionError):
        counts.add_broken("no JSON")
        return None
    if not isinstance(fields, dict):
        counts.add_broken("no JSON object")
        return None
    if (b"\\ud" in line or b"\\uD" in line) and not all(_is_unicode(str(fields.get(name))) for name in FIELDS):
        counts.add_broken("half a character")
        return None
    return _checked(fields, counts)


def _checked(fields: dict[str, Any], counts: LineCounts) -> Document | None:
    for name in FIELDS:
        value = fields.get(name)
        if not isinstance(value, str) and not (name == "id" and isinstance(value, int)):
            counts.add_broken(f"no {name}, or one that is no text")
            return None
    if len(fields["text"]) > MAX_DOCUMENT_BYTES:
        counts.add_broken(f"a text longer than {MAX_DOCUMENT_BYTES:,}")
        return None
    step = fields.get("step")
    read_in = step if isinstance(step, int) else None
    return Document(str(fields["id"]), fields["source"], fields["text"], counts.place, read_in)


def _is_unicode(text: str) -> bool:
    """Whether it can be written in UTF-8: JSON can spell half of a character (a lone surrogate), which no tokenizer takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parquet(path: Path, counts: LineCounts) -> Iterator[Document]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            _check_columns(path, file.schema_arrow)
            columns = [*FIELDS, *({"step"} & set(file.schema_arrow.names))]
            most, unfolded = _most_unfolded(path), 0
            for group in range(file.num_row_groups):
                rows = _rows_at_once(file.metadata.row_group(group))
                for batch in file.iter_batches(batch_size=rows, row_groups=[group], columns=columns):
                    lengths = [_lengths(batch.column(name)) for name in FIELDS]
                    unfolded += sum(length or 0 for column in lengths for length in column)
                    if unfolded > most:
                        raise _unfolds_without_end(path, most)
                    yield from _rows(batch, lengths, counts)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputFault(path, found=str(error).splitlines()[0], expected="a readable Parquet file") from None


def _check_columns(path: Path, schema: Any) -> None:
    """Raises InputFault for a column that is not there or holds no text; an id may be a whole number."""
    from pyarrow import types

    for name in FIELDS:
        if name not in schema.names:
            raise InputFault(path, name, f"the columns {', '.join(schema.names)}", f"a column {name!r}")
        kind = schema.field(name).type
        inner = kind.value_type if types.is_dictionary(kind) else kind
        text = types.is_string(inner) or types.is_large_string(inner)
        if not text and not (name == "id" and types.is_integer(inner)):
            raise InputFault(path, name, f"a column of the type {kind}", "a column of text")


def _rows_at_once(group: Any) -> int:
    """How many rows of a group are unfolded together, so that they fit UNFOLDED_AT_ONCE whatever the group holds.

    Every row of a column with a dictionary may be its longest text. Fewer than LEAST_ROWS cost more than reading itself.
    """
    columns = [group.column(place) for place in range(group.num_columns)]
    whole = max(1, sum(column.total_uncompressed_size for column in columns))
    rows = UNFOLDED_AT_ONCE // whole
    if not any(column.has_dictionary_page for column in columns):
        rows = MOST_ROWS if rows else MOST_ROWS * UNFOLDED_AT_ONCE // whole
    return int(min(MOST_ROWS, max(LEAST_ROWS, rows)))


def _rows(batch: Any, lengths: list[list[int | None]], counts: LineCounts) -> Iterator[Document]:
    """The batch's documents one by one: a text that is too long is counted and not turned into one."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for row in range(batch.num_rows):
        counts.lines += 1
        if any((each[row] or 0) > MAX_DOCUMENT_BYTES for each in lengths if each):
            counts.add_broken(f"longer than {MAX_DOCUMENT_BYTES:,} bytes")
            continue
        try:
            fields = {name: column[row].as_py() for name, column in columns.items()}
        except UnicodeDecodeError:
            counts.add_broken("not UTF-8")
            continue
        document = _checked(fields, counts)
        if document is not None:
            yield document


def _lengths(column: Any) -> list[int | None]:
    """Bytes of each text of a column, nothing for a column of numbers."""
    from pyarrow import compute, types

    if types.is_dictionary(column.type):
        of_values = _lengths(column.dictionary)
        return [None if place is None or not of_values else of_values[place] for place in column.indices.to_pylist()]
    return [] if types.is_integer(column.type) else list(compute.binary_length(column).to_pylist())
