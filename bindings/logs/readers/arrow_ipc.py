"""Arrow IPC: the file format (Feather v2) and the stream format, memory-mapped."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from gauger.engine.common.errors import InputError, KernelInputError
from gauger.logs.columns import ColumnMap
from gauger.logs.files import limits
from gauger.logs.readers.chunk import DAMAGE, Chunk, crowded, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.tabular import Layout
from gauger.stores.elsewhere import named

_MAGIC = b"ARROW1"
_STREAM_MAGIC = b"\xff\xff\xff\xff"


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of the file, each a slice of one of its record batches."""
    row = 0
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path}: not an Arrow file (0 bytes); write it again or leave it out")
        most = limits.rows_max(path.stat().st_size)
        with named(path) as own, pa.memory_map(str(own)) as source:
            schema = _open(source, None).schema
            layout = Layout.of(path, schema, column_map, columns)
            places_read = [schema.names.index(name) for name in layout.top_level()]
            for batch in _batches(source, places_read):
                if row + batch.num_rows > most:
                    raise crowded(path)
                yield from layout.chunks(batch, row, batch_rows)
                row += batch.num_rows
    except KernelInputError as error:
        raise InputError(f"{path}: {error}") from None
    except DAMAGE as error:
        raise unreadable(path, "Arrow", error) from None


def _open(
    source: pa.MemoryMappedFile, included: list[int] | None
) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    source.seek(0)
    is_file = source.read(len(_MAGIC)) == _MAGIC
    source.seek(0)
    options = pa.ipc.IpcReadOptions(included_fields=included, use_threads=False)
    return pa.ipc.open_file(source, options=options) if is_file else pa.ipc.open_stream(source, options=options)


def _batches(source: pa.MemoryMappedFile, included: list[int]) -> Iterator[pa.RecordBatch]:
    reader = _open(source, included)
    if isinstance(reader, pa.RecordBatchStreamReader):
        yield from reader
    else:
        yield from map(reader.get_batch, range(reader.num_record_batches))


FORMAT = Format("arrow", (".arrow", ".ipc", ".feather"), (_MAGIC, _STREAM_MAGIC), read)
