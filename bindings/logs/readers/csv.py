"""CSV: a header, then rows; every cell is read as bytes and left to intake to interpret.

Nothing is guessed while reading: "00123" stays an account, and bad UTF-8 costs its own row only. (Arrow
gives up on a file when a row with too many cells is not UTF-8 either, so a file with any bad UTF-8 is read
as Latin-1 and its cells turned back.) Empty cells
are null. Blank lines are not rows.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from gauger.engine.common.errors import InputError
from gauger.engine.intake.conversation import Rules
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import lines, tabular
from gauger.logs.readers.chunk import Chunk, empty_batch, slices, unreadable
from gauger.logs.readers.format import Format

BLOCK_BYTES = 16 << 20  # a row has to fit in one
_HEADER_BYTES = 1 << 20


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of the file; rows with more or fewer cells than the header are broken."""
    try:
        encoding = "utf-8" if _is_utf8(path) else "latin-1"
        header = _header(path, encoding)
        if not header:
            return
        schema = pa.schema([(name, pa.binary()) for name in header])
        places = tabular.present(schema, column_map.sources(columns))
        needed = tabular.top_level(schema, places) or header[:1]
        yield from _chunks(path, encoding, needed, places, batch_rows, columns, column_map.rules)
    except (pa.ArrowException, OSError, MemoryError, csv.Error, KeyError) as error:
        if "straddling" in str(error):
            raise InputError(
                f"{path}: a row is longer than {BLOCK_BYTES >> 20} MB, or a quote is never closed; mend it"
            ) from None
        raise unreadable(path, "CSV", error) from None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in lines.pieces(path):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except OSError:
        return True  # the rows before the damage are still to be read
    return True


def _header(path: Path, encoding: str) -> list[str]:
    """The column names; none when no line follows them, which Arrow would call an error."""
    with lines.open_stream(path) as stream:
        head = stream.read(_HEADER_BYTES).removeprefix(lines.BYTE_ORDER_MARK).decode(encoding, errors="replace")
    if "\n" not in head and "\r" not in head:
        return []
    header = next(csv.reader(io.StringIO(head, newline="")), [])
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}: a column appears twice in the header; give each its own name")
    return header


def _chunks(
    path: Path,
    encoding: str,
    needed: list[str],
    places: tabular.Places,
    batch_rows: int,
    columns: Sequence[str] | None,
    rules: Rules,
) -> Iterator[Chunk]:
    broken: list[tuple[int, str]] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        # The number counts the header as 1, so the first row after it is 2.
        broken.append((row.number - 2, f"row has {row.actual_columns} cells, not {row.expected_columns}"))
        return "skip"

    with lines.open_stream(path) as stream:
        reader = pyarrow.csv.open_csv(
            stream,
            # Only a single thread knows row numbers.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=encoding),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=needed,
                column_types={name: pa.binary() for name in needed},
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        good = reported = 0
        for batch in reader:
            for part in slices(batch if encoding == "utf-8" else _original_bytes(batch), batch_rows):
                rows = _row_numbers(good, part.num_rows, broken)
                good += part.num_rows
                yield Chunk(tabular.canonical(part, places, rules), rows, broken[reported:])
                reported = len(broken)
    if reported < len(broken):
        yield Chunk(empty_batch(columns), np.zeros(0, dtype=np.int64), broken[reported:])


def _original_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The cells as they stand in the file, after Arrow took every byte for a Latin-1 letter."""
    cells = (
        [None if value is None else value.decode().encode("latin-1") for value in column.to_pylist()]
        for column in batch.columns
    )
    return pa.RecordBatch.from_arrays([pa.array(column, pa.binary()) for column in cells], batch.schema.names)


def _row_numbers(good: int, count: int, broken: list[tuple[int, str]]) -> np.ndarray:
    """Row numbers of the ``count`` good rows after the first ``good``, broken rows counted in between."""
    at = np.array([row for row, _ in broken], dtype=np.int64)
    ordinals = np.arange(good, good + count, dtype=np.int64)
    return ordinals + np.searchsorted(at - np.arange(len(at)), ordinals, side="right")


FORMAT = Format("csv", (".csv",), (), read)
