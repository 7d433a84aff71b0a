"""Avro object container files, by fastavro (``pip install 'gauger[avro]'``)."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from gauger.engine.common.errors import InputError
from gauger.logs.columns import ColumnMap
from gauger.logs.readers.chunk import Chunk, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.jsonl import Batcher

_RECORDS_A_TIME = 256
_RECORD_BYTES = 1_000  # a guess, so that batches end in time


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
    with open(path, "rb") as file:
        records: Iterator[Any] = iter(())
        try:
            records = iter(fastavro.reader(file))
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
            rows = [one if isinstance(one, dict) else "record is not an object" for one in found]
            batcher.add_values(rows, max(file.tell() - before, _RECORD_BYTES * len(rows)))
            if batcher.is_full(batch_rows):
                yield batcher.chunk()
    yield from batcher.end(damage)


def _damaged(path: Path, error: Exception, rows: int) -> InputError:
    if isinstance(error, OSError) and error.strerror:
        return unreadable(path, "Avro", error)
    if "codec" in str(error):
        return InputError(f"{path}: its compression needs a library that is not installed; write it with deflate")
    return InputError(f"{path}: not a sound Avro file, damaged after {rows} rows; those were read, write it again")


FORMAT = Format("avro", (".avro",), (b"Obj\x01",), read, shapes=True)
