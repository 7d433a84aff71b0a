"""Avro object container files, by fastavro (``pip install 'gauger[avro]'``)."""

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from gauger.engine.common.errors import InputError
from gauger.logs.columns import ColumnMap
from gauger.logs.files import limits, streams
from gauger.logs.readers.chunk import Chunk, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.jsonl import Batcher
from gauger.stores.elsewhere import opened

_RECORDS_A_TIME = 256
_NOT_AN_OBJECT = "record is not an object"
_NOT_UTF8 = "record holds text that is not valid UTF-8"
_RECORD_BYTES = 1_000  # a guess, so that batches end in time
# Codecs that can pack any number of zeros into a few bytes; deflate packs a thousand into one at most.
_TIGHT = {"bzip2": "bz2", "xz": "xz", "zstandard": "zstd"}


class _TooLargeError(Exception):
    """A block would decode to more than a file of its size may hold."""


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of about ``batch_rows`` rows. Raises ``InputError`` where fastavro is not installed."""
    try:
        import fastavro
    except ImportError:
        raise InputError(f"{path}: Avro needs fastavro: pip install 'gauger[avro]'") from None
    batcher = Batcher(path, column_map, columns)
    damage: InputError | None = None
    with opened(path) as file:
        records: Iterator[Any] = iter(())
        try:
            blocks = fastavro.block_reader(file)
            records = (one for block in _blocks(file, blocks, path.stat().st_size) for one in _of_block(block))
        except Exception as error:  # it raises what its parsing meets
            damage = _damaged(path, error, 0)
        while damage is None:
            before, found = file.tell(), []
            try:
                for record in islice(records, min(_RECORDS_A_TIME, batch_rows)):
                    found.append(record)
            except Exception as error:
                damage = _damaged(path, error, batcher.rows_read + len(found))
            if not found:
                break
            batcher.add_values(found, max(file.tell() - before, _RECORD_BYTES * len(found)))
            if batcher.is_full(batch_rows):
                yield batcher.chunk()
    yield from batcher.end(damage)


def _blocks(file: BinaryIO, blocks: Any, size: int) -> Iterator[Any]:
    """The blocks of a file of ``size`` bytes, up to one that would decode to too much: fastavro would take it whole."""
    most = limits.decoded_max(size)
    while True:
        start = file.tell()
        if blocks.codec in _TIGHT and _decodes_beyond(most, _packed(file), _TIGHT[blocks.codec]):
            raise _TooLargeError(f"a block decodes to more than {most >> 20:,} MB")
        file.seek(start)
        block = next(blocks, None)
        if block is None:
            return
        yield block


def _packed(file: BinaryIO) -> bytes:
    """The bytes of the block that begins here, behind how many records and bytes they are."""
    _, size = _number(file), _number(file)
    return file.read(max(0, size))


def _number(file: BinaryIO) -> int:
    """A variable-length zigzag number (Avro 1.11, Binary Encoding); -1 where there is none."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return -1
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value >> 1 ^ -(value & 1)
    return -1


def _decodes_beyond(most: int, data: bytes, kind: str) -> bool:
    stream, total = streams.unpacked(io.BytesIO(data), kind), 0
    try:
        while total <= most and (piece := stream.read(streams.PIECE_BYTES)):
            total += len(piece)
    except OSError:
        return False  # fastavro says what is wrong with it
    return total > most


def _of_block(block: Any) -> Iterator[dict[str, Any] | str]:
    """The records of a block, in place of one that cannot be used what is wrong with it.

    One value that Python cannot hold costs its own record: a time beyond the year 9999 becomes its number, for intake
    to judge. fastavro would give up the file.
    """
    left, behind = block.num_records, 0
    try:
        for record in block:
            left, behind = left - 1, block.bytes_.tell()
            yield record if isinstance(record, dict) else _NOT_AN_OBJECT
    except (OverflowError, ValueError):
        block.bytes_.seek(behind)
        for _ in range(left):
            yield _plain(block)
    if block.bytes_.read(1):
        raise ValueError("a block holds more than its records")


def _plain(block: Any) -> dict[str, Any] | str:
    """The next record of a block without what logical types make of its values."""
    import fastavro

    schema, start, is_text = _without_logical_types(block.writer_schema), block.bytes_.tell(), True
    try:
        record = fastavro.schemaless_reader(block.bytes_, schema, None)
    except UnicodeDecodeError:
        block.bytes_.seek(start)
        record, is_text = fastavro.schemaless_reader(block.bytes_, schema, None, handle_unicode_errors="replace"), False
    if not isinstance(record, dict):
        return _NOT_AN_OBJECT
    return record if is_text else _NOT_UTF8


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: _without_logical_types(one) for name, one in schema.items() if name != "logicalType"}
    return [_without_logical_types(one) for one in schema] if isinstance(schema, list) else schema


def _damaged(path: Path, error: Exception, rows: int) -> InputError:
    if isinstance(error, OSError) and error.strerror:
        return unreadable(path, "Avro", error)
    if isinstance(error, _TooLargeError):
        return InputError(f"{path}: {error}, after {rows} rows; those were read, write it again in smaller blocks")
    if "codec" in str(error):
        return InputError(f"{path}: its compression needs a library that is not installed; write it with deflate")
    return InputError(f"{path}: not a sound Avro file, damaged after {rows} rows; those were read, write it again")


FORMAT = Format("avro", (".avro",), (b"Obj\x01",), read, shapes=True)
