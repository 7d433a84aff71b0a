"""Oracle: how many rows a file holds, counted by other means than gauger's, where it can be told.

``Held.least`` and ``most`` bound the rows that a reader must account for when it reads the file without an error; both
are None where nothing can be said. ``is_damaged``: there must be an error, or a row that could not be read.
"""

import bz2
import io
import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from bench.robustness.formats import Format

_MARKED = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Held:
    """What a file holds."""

    least: int | None = None
    most: int | None = None
    is_damaged: bool = False


UNKNOWN = Held()


def held(kind: Format, data: bytes) -> Held:
    """What a file of ``data`` holds."""
    if not data:
        return UNKNOWN
    if kind.holds in _TABLES:
        try:
            rows = _TABLES[kind.holds](data)
        except Exception:  # it is damaged, and whatever the library met is of no interest
            return UNKNOWN
        return Held(rows, rows)
    if kind.packed is not None:
        if kind.packed not in _UNPACKERS:
            return UNKNOWN
        unpacked, is_sound = _unpacked(_UNPACKERS[kind.packed], data)
        if not is_sound:
            return Held(is_damaged=True) if data.startswith(_MAGIC[kind.packed]) else UNKNOWN
        data = unpacked
    if data.startswith(_MARKED) or b"\0" in data[:4] or b"\x1e" in data[:1] or not data.strip():
        return UNKNOWN
    return _of_text(kind, data.removeprefix(b"\xef\xbb\xbf"))


_MAGIC = {"gzip": b"\x1f\x8b\x08", "bz2": b"BZh", "xz": b"\xfd7zXZ\0"}
_UNPACKERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}


def _unpacked(opened: Callable[[], Any], data: bytes) -> tuple[bytes, bool]:
    """The bytes of all members, and whether all are whole and nothing else stands behind them."""
    found = b""
    while data.strip(b"\0"):
        unpacker = opened()
        try:
            found += unpacker.decompress(data)
        except (zlib.error, OSError, EOFError, lzma.LZMAError):
            return found, False
        if not unpacker.eof:
            return found, False
        data = unpacker.unused_data
    return found, True


def _of_text(kind: Format, text: bytes) -> Held:
    if kind.holds == "csv":
        return UNKNOWN  # rows of several lines: ``csv_lines`` counts
    if kind.holds == "documents" and not (text.lstrip().startswith((b"{", b"[")) and b"{" in text):
        return UNKNOWN  # without an object it may be read as lines
    whole = _whole(text)
    if kind.holds == "documents" or b"\n" not in text.strip():
        return Held(is_damaged=True) if whole is None else Held(*_bounds(kind, whole))
    lines = [line for line in text.split(b"\n") if line.strip()]
    if not any(line.lstrip()[:1] in (b"{", b"[") and _parsed(line) is not None for line in lines[:1]):
        return UNKNOWN  # may be read as a document
    bounds = [_of_line(line) for line in lines]
    return Held(*_bounds(kind, (sum(one for one, _ in bounds), sum(one for _, one in bounds))))


def _bounds(kind: Format, bounds: tuple[int, int]) -> tuple[int, int | None]:
    return bounds[0], None if kind.holds == "at least lines" else bounds[1]


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _of_line(line: bytes) -> tuple[int, int]:
    """The rows of a line: one, as many as its list has elements, or at most as many as it has objects."""
    value = _parsed(line)
    if isinstance(value, list):
        return max(1, len(value)), max(1, len(value))
    torn = value is None and line.lstrip()[:1] == b"{"
    return 1, max(1, line.count(b"{")) if torn else 1


_BLANKS = str.maketrans("\f\v", "  ")


def _whole(text: bytes) -> tuple[int, int] | None:
    """The records of a text that is JSON values from end to end, at least and at most; None where it is not.

    A list within a list may be one row, or as many as it has elements.
    """
    try:
        # A form feed between two values costs no row: it is a blank here, as it is to gauger.
        rest, least, most = text.decode().translate(_BLANKS).strip(" \t\r\n"), 0, 0
        while rest:
            value, end = json.JSONDecoder(parse_constant=_no_constant).raw_decode(rest)
            elements = value if isinstance(value, list) else [value]
            least += len(elements)
            most += max(1, sum(max(1, len(one)) if isinstance(one, list) else 1 for one in elements))
            rest = rest[end:].lstrip(" \t\r\n,")
    except (ValueError, RecursionError):
        return None
    return least, most


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def csv_lines(data: bytes) -> tuple[int, int] | None:
    """The lines behind the header: those that are not blank, and all; None for what is no plain UTF-8 text."""
    if data.startswith(_MARKED) or b"\0" in data[:4] or not data.strip():
        return None
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and (lines[0].startswith((b"sep=", b'"sep=')) or lines[0].count(b'"') % 2):
        return None  # the header is another line than the first, or several
    return sum(bool(line.strip()) for line in lines[1:]), len(lines) - 1


def _of_arrow(data: bytes) -> int:
    is_file = data.startswith(b"ARROW1")
    reader = pa.ipc.open_file(io.BytesIO(data)) if is_file else pa.ipc.open_stream(io.BytesIO(data))
    return sum(one.num_rows for one in (map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader))


def _of_avro(data: bytes) -> int:
    import fastavro

    return sum(1 for _ in fastavro.reader(io.BytesIO(data)))


_TABLES: dict[str, Callable[[bytes], int]] = {
    "parquet": lambda data: pq.ParquetFile(io.BytesIO(data)).metadata.num_rows,
    "orc": lambda data: pyarrow.orc.ORCFile(io.BytesIO(data)).nrows,
    "arrow": _of_arrow,
    "avro": _of_avro,
}
