"""JSON: one object a line; or an array, objects over several lines, objects with nothing between them.

Lines are parsed one by one with orjson: Arrow's JSON reader rejects a block for one bad line and crashes on deep
nesting. Where the head of a file shows that its values do not stand one a line, they are cut apart first
(``documents``). A list is as many rows as it has elements. Blank lines are not rows; all other values are numbered
from 0, and so are records where one document holds many.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.logs.columns import ColumnMap, RecordsOf
from gauger.logs.files import documents, folders, limits, lines, streams
from gauger.logs.readers import records
from gauger.logs.readers.chunk import BATCH_BYTES, Chunk, cut_short, empty_batch
from gauger.logs.readers.format import Format
from gauger.logs.sources import TEXT_MAX, matches

_Broken = list[tuple[int, str]]  # rows, and what is wrong with them
_Values = Sequence[bytes | str | None]  # JSON; or what is wrong in its place, None for a line over the limit

_INVALID = "line is not valid JSON"
_NOT_AN_OBJECT = "line is not a JSON object"
_EMPTY = "line is an empty list"
_NO_MATCH = "line is not matched by the map's pattern"
_TOO_LONG_FOR_PATTERNS = f"line is longer than {TEXT_MAX:,} characters, on which the map's pattern is not tried"
_TOO_LONG = f"line is longer than {limits.LINE_BYTES_MAX >> 20} MB"
_TOO_MANY = f"record holds more than {limits.NODES_MAX:,} values"
_SEPARATOR = b"\x1e"  # before each text of an RFC 7464 sequence
_HEAD_BYTES = 64 << 10  # shows how the values stand
_MARKS = (b",", b"[", b"{")
_MARKS_IN_TEXT = 4  # times the limit for values: code and prose have them, too
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of about ``batch_rows`` rows; ``InputError`` after what a damaged stream still gave."""
    batcher = Batcher(path, column_map, columns)
    damage: InputError | None = None
    blocks = _blocks(path, streams.pieces(path)) if column_map.line is None else _matched(path, column_map.line)
    while True:
        try:
            block = next(blocks, None)
        except OSError as error:
            damage = cut_short(path, "JSON", error, batcher.rows_read)
            break
        except documents.UnreadableError as error:
            damage = InputError(f"{path}: {error}, after {batcher.rows_read} records; those were read, mend the rest")
            break
        if block is None:
            break
        for start in range(0, len(block), batch_rows):
            batcher.add(block[start : start + batch_rows])
            if batcher.is_full(batch_rows):
                yield batcher.chunk()
    yield from batcher.end(damage)


def rows_of(path: Path, content: bytes, column_map: ColumnMap) -> tuple[list[dict[str, Any] | str], str | None]:
    """The rows of a small file, in place of a broken one what is wrong with it; and why there are no more of them."""
    values: list[Any] = []
    error = None
    try:
        for block in _blocks(path, iter([content])):
            values += _values(block)
    except documents.UnreadableError as problem:
        error = f"{path}: {problem}, after {len(values)} records; those were read, mend the rest"
    records_of = column_map.records_of(path)
    constants = {} if column_map.is_shaped else folders.needed(path, column_map.sources())
    if records_of is not None:
        values = [row for value in values for row in ([value] if isinstance(value, str) else records_of(value))]
    if constants:
        values = [row if isinstance(row, str) else {**constants, **row} for row in values]
    return values, error


def _blocks(path: Path, pieces: Iterator[bytes]) -> Iterator[_Values]:
    """The values of a file, some at a time. Raises ``OSError`` or ``UnreadableError`` behind those that can be read."""
    head, pieces = streams.peeked(pieces, _HEAD_BYTES)
    if head.startswith(_SEPARATOR):
        head = head.replace(_SEPARATOR, b"")
        pieces = (piece.replace(_SEPARATOR, b"") for piece in pieces)  # nowhere else in JSON
    shape = documents.shape_of(head, whole=len(head) < _HEAD_BYTES)
    if shape == "text":
        raise InputError(f"{path}: no line is JSON: a text log, or another format; write the calls as JSON lines")
    if shape == "lines":
        yield from lines.blocks(pieces)
    else:
        yield from documents.blocks(pieces)


def _matched(path: Path, pattern: str) -> Iterator[_Values]:
    """The lines of a text file as objects of what the groups of a pattern find, some at a time."""
    for block in lines.blocks(streams.pieces(path)):
        yield [None if line is None else _groups(pattern, line) for line in block]


def _groups(pattern: str, line: bytes) -> bytes | str:
    text = line.decode(errors="replace").removesuffix("\r")
    if len(text) > TEXT_MAX:
        return _TOO_LONG_FOR_PATTERNS
    match = matches(pattern, text)
    return _NO_MATCH if match is None else orjson.dumps(match.groupdict())


class Batcher:
    """Gathers parsed lines until there are enough for a batch.

    Each block becomes Arrow at once: keeping 65,536 objects alive until the batch is full was half as fast,
    as the garbage collector walks them again and again.
    """

    def __init__(self, path: Path, column_map: ColumnMap, columns: Sequence[str] | None) -> None:
        self._sources = column_map.sources(columns)
        self._rules = column_map.rules
        self._columns = columns
        self._records_of = column_map.records_of(path, columns)
        self._constants = {} if column_map.is_shaped else folders.needed(path, self._sources)
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

    def add(self, block: Sequence[bytes | str | None]) -> None:
        """Parse the lines of ``block``."""
        self.add_values(_values(block), sum(len(line) for line in block if line is not None))

    def add_values(self, values: list[Any], size: int) -> None:
        """Take in parsed values; in place of one, a text says what is wrong with it.

        size : bytes they had in the file
        """
        self._bytes += size
        good, broken, count = _rows_of(values, self._records_of)
        if self._constants:
            good = [{**self._constants, **record} for record in good]
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

    def end(self, damage: InputError | None) -> Iterator[Chunk]:
        """What still waits to be given out; then the damage that the file ends in is raised, if there is any."""
        if self._rows_pending:
            yield self.chunk()
        if damage is not None:
            raise damage


def _rows_of(values: list[Any], records_of: RecordsOf | None) -> tuple[list[dict[str, Any]], _Broken, int]:
    """The records in ``values``, the broken rows with reasons, and the number of rows."""
    if records_of is None and all(type(value) is dict for value in values):
        return values, [], len(values)
    good: list[dict[str, Any]] = []
    broken: _Broken = []
    for value in values:
        for row in [value] if isinstance(value, str) or records_of is None else records_of(value):
            if isinstance(row, str):
                broken.append((len(good) + len(broken), row))
            else:
                good.append(row)
    return good, broken, len(good) + len(broken)


def _values(block: Sequence[bytes | str | None]) -> list[Any]:
    """Each row of ``block`` as an object, or as text: what is wrong with it."""
    if sum(len(line) for line in block if line is not None) > limits.NODES_COUNTED_BYTES:
        block = [_TOO_MANY if is_crowded(line) else line for line in block]
    try:
        # What is no bytes raises like a bad line.
        values = list(map(orjson.loads, cast(Sequence[bytes], block)))
        if all(type(value) is dict for value in values):
            return values
    except orjson.JSONDecodeError:
        pass
    return [row for line in block for row in _rows(line)]


def _rows(line: bytes | str | None) -> list[Any]:
    """The rows that one line gives: one, as many as its list has, or as there are objects side by side on it."""
    if not isinstance(line, bytes):
        return [_TOO_LONG if line is None else line]
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return (_side_by_side(line) if line.lstrip()[:1] == b"{" else []) or [_INVALID]
    if isinstance(value, list):
        return [one if isinstance(one, dict) else _NOT_AN_OBJECT for one in value] or [_EMPTY]
    return [value if isinstance(value, dict) else _NOT_AN_OBJECT]


def _side_by_side(line: bytes) -> list[Any]:
    """The objects that stand on a line with nothing but commas between them; none unless all are sound."""
    try:
        found = [record for block in documents.blocks([line]) for record in block]
        values = [orjson.loads(record) for record in found if isinstance(record, bytes)]
    except (documents.UnreadableError, orjson.JSONDecodeError):
        return []
    return values if len(values) == len(found) and all(isinstance(value, dict) for value in values) else []


def is_crowded(line: bytes | str | None) -> bool:
    """Whether a long line holds more values than a record may: told by strings, brackets and commas."""
    if not isinstance(line, bytes) or len(line) <= limits.NODES_COUNTED_BYTES:
        return False
    marks = sum(map(line.count, _MARKS))
    if marks > _MARKS_IN_TEXT * limits.NODES_MAX:  # in strings, too: they may hold JSON that is parsed later
        return True
    if marks + line.count(b'"') // 2 <= limits.NODES_MAX:
        return False
    values = at = 0
    for string in _STRINGS.finditer(line):
        values += 1 + sum(line.count(mark, at, string.start()) for mark in _MARKS)
        at = string.end()
        if values > limits.NODES_MAX:
            return True
    return values + sum(line.count(mark, at) for mark in _MARKS) > limits.NODES_MAX


FORMAT = Format("jsonl", (".jsonl", ".ndjson", ".json", ".jsonlines"), (b"{", b"["), read, is_text=True, shapes=True)
