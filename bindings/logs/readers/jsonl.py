"""JSON lines: one object a line, plain, gzip or zstd; or one document a line that holds many records.

Every line is parsed on its own with orjson: Arrow's JSON reader rejects a block for one bad line and crashes
on deep nesting. Blank lines are not rows; all others are numbered from 0, and so are records.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.logs.columns import RECORDS, ColumnMap, RecordsOf
from gauger.logs.readers import lines, records
from gauger.logs.readers.chunk import BATCH_BYTES, Chunk, empty_batch, unreadable
from gauger.logs.readers.format import Format

_Broken = list[tuple[int, str]]  # rows, and what is wrong with them

_INVALID = "line is not valid JSON"
_NOT_AN_OBJECT = "line is not a JSON object"
_TOO_LONG = f"line is longer than {lines.LINE_BYTES_MAX >> 20} MB"


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of about ``batch_rows`` rows; ``InputError`` after what a damaged stream still gave."""
    batcher = _Batcher(column_map, columns)
    damage: InputError | None = None
    blocks = lines.blocks(lines.pieces(path))
    while True:
        try:
            block = next(blocks, None)
        except OSError as error:
            damage = _damaged(path, error, batcher.rows_read)
            break
        if block is None:
            break
        for start in range(0, len(block), batch_rows):
            batcher.add(block[start : start + batch_rows])
            if batcher.is_full(batch_rows):
                yield batcher.chunk()
    if not batcher.is_empty():
        yield batcher.chunk()
    if damage is not None:
        raise damage


def _damaged(path: Path, error: OSError, rows: int) -> InputError:
    if error.strerror:
        return unreadable(path, "JSONL", error)
    return InputError(
        f"{path}: compressed data are truncated or damaged after {rows} rows; those were read, "
        "fetch the file again for the rest"
    )


class _Batcher:
    """Gathers parsed lines until there are enough for a batch.

    Each block becomes Arrow at once: keeping 65,536 objects alive until the batch is full was half as fast,
    as the garbage collector walks them again and again.
    """

    def __init__(self, column_map: ColumnMap, columns: Sequence[str] | None) -> None:
        self._sources = column_map.sources(columns)
        self._rules = column_map.rules
        self._columns = columns
        make = RECORDS[column_map.records]
        self._records_of = None if make is None else make()
        self._seen: set[str] = set()  # columns some row of the file had: they stay, so that batches agree
        self._bytes = 0
        self._parts: list[tuple[int, dict[str, pa.Array]]] = []  # rows and columns of each block
        self._rows: list[np.ndarray] = []
        self._broken: _Broken = []
        self._rows_pending = 0
        self.rows_read = 0

    def is_full(self, batch_rows: int) -> bool:
        """Whether another block would make the batch too large."""
        return self._rows_pending >= batch_rows or self._bytes >= BATCH_BYTES

    def is_empty(self) -> bool:
        """Whether no row, good or broken, waits to be given out."""
        return self._rows_pending == 0

    def add(self, block: list[bytes | None]) -> None:
        """Parse the lines of ``block``."""
        self._bytes += sum(len(line) for line in block if line is not None)
        good, broken, count = _parse(block, self._records_of)
        good_rows = np.delete(np.arange(count), [row for row, _ in broken]) + self.rows_read
        self._broken.extend((row + self.rows_read, reason) for row, reason in broken)
        self._rows.append(good_rows)
        self._parts.append((len(good), records.to_arrays(good, self._sources, self._rules)))
        self._rows_pending += count
        self.rows_read += count

    def chunk(self) -> Chunk:
        """What was gathered, and start anew."""
        rows = np.concatenate(self._rows)
        for _, arrays in self._parts:
            self._seen.update(arrays)
        columns = {
            name: records.concatenate(name, [arrays.get(name, pa.nulls(size)) for size, arrays in self._parts])
            for name in records.in_order(self._seen)
        }
        # Rows without a single known column get a nameless one, so that they count: intake says what is missing.
        some = columns or {"": pa.nulls(len(rows))}
        batch = pa.record_batch(some) if len(rows) else empty_batch(self._columns)
        chunk = Chunk(batch, rows, self._broken)
        self._parts, self._rows, self._broken = [], [], []
        self._bytes = self._rows_pending = 0
        return chunk


def _parse(block: list[bytes | None], records_of: RecordsOf | None) -> tuple[list[dict[str, Any]], _Broken, int]:
    """The records of ``block``, its broken rows with reasons, and its number of rows."""
    values = _objects(block)
    if records_of is None and all(type(value) is dict for value in values):
        return values, [], len(values)
    good: list[dict[str, Any]] = []
    broken: _Broken = []
    for value in values:
        if isinstance(value, str):
            broken.append((len(good) + len(broken), value))
        else:
            good.extend([value] if records_of is None else records_of(value))
    return good, broken, len(good) + len(broken)


def _objects(block: list[bytes | None]) -> list[Any]:
    """Each line as an object, or as text: what is wrong with it."""
    try:
        values = list(map(orjson.loads, block))  # type: ignore[arg-type]  # None raises like any bad line
    except orjson.JSONDecodeError:
        return [_object(line) for line in block]
    return [value if isinstance(value, dict) else _NOT_AN_OBJECT for value in values]


def _object(line: bytes | None) -> dict[str, Any] | str:
    if line is None:
        return _TOO_LONG
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _INVALID
    return value if isinstance(value, dict) else _NOT_AN_OBJECT


FORMAT = Format("jsonl", (".jsonl", ".ndjson", ".json"), (b"{",), read)
