"""Parquet: row group by row group, only the columns a map asks for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from gauger.engine.common.errors import InputError, KernelInputError
from gauger.engine.intake import structure
from gauger.logs.columns import ColumnMap
from gauger.logs.files import limits
from gauger.logs.readers.chunk import BATCH_BYTES, DAMAGE, Chunk, crowded, decoded_bytes, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.tabular import Layout
from gauger.stores.elsewhere import Elsewhere, opened

# Rows decoded at a time. Memory is bounded by this many of the largest values: 463 bytes of Parquet can hold
# one value of 30 kB 65,536 times. Small reads cost nothing: 256 rows at a time measured 85 ms where 65,536
# took 107.
DECODE_ROWS = 1_024
_LEAVES_MAX = 10 * limits.COLUMNS_MAX  # a column may be nested


def read(
    path: Path,
    column_map: ColumnMap,
    *,
    batch_rows: int,
    columns: Sequence[str] | None = None,
    near: np.ndarray | None = None,
) -> Iterator[Chunk]:
    """Chunks of the file, or only of the row groups that hold the rows ``near`` (int64 row numbers)."""
    try:
        with _open(path) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            if sum(sizes) > limits.rows_max(path.stat().st_size):
                raise crowded(path)
            if file.metadata.num_columns > _LEAVES_MAX:
                raise InputError(f"{path}: more than {limits.COLUMNS_MAX:,} columns; no log has that many")
            starts = np.concatenate(([0], np.cumsum(sizes)))
            layout = Layout.of(path, file.schema_arrow, column_map, columns)
            for group, start in enumerate(starts[:-1].tolist()):
                if near is None or np.any((near >= start) & (near < start + sizes[group])):
                    yield from _row_group(file, group, start, layout, batch_rows)
    except KernelInputError as error:
        raise InputError(f"{path}: {error}") from None
    except DAMAGE as error:
        raise unreadable(path, "Parquet", error) from None


def _open(path: Path) -> pq.ParquetFile:
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path}: not a Parquet file (0 bytes); write it again or leave it out")
    source = opened(path) if isinstance(path, Elsewhere) else path
    return pq.ParquetFile(source, pre_buffer=True, page_checksum_verification=True)


def _row_group(file: pq.ParquetFile, group: int, row: int, layout: Layout, batch_rows: int) -> Iterator[Chunk]:
    gathered: list[pa.RecordBatch] = []
    gathered_rows = gathered_bytes = 0
    leaves = layout.leaves()
    decode_rows = min(DECODE_ROWS, batch_rows)
    end = row + file.metadata.row_group(group).num_rows
    for part in file.iter_batches(decode_rows, row_groups=[group], columns=leaves, use_threads=False):
        for name, array in zip(part.schema.names, part.columns, strict=True):
            # Flat columns are built value by value; dictionaries and nested ones can come out broken.
            if pt.is_dictionary(array.type) or pt.is_nested(array.type):
                structure.check(name, array)
        part_bytes = sum(map(decoded_bytes, part.columns))
        if gathered and (gathered_rows + part.num_rows > batch_rows or gathered_bytes + part_bytes > BATCH_BYTES):
            yield _chunk(gathered, row, layout)
            row += gathered_rows
            gathered, gathered_rows, gathered_bytes = [], 0, 0
        gathered.append(part)
        gathered_rows += part.num_rows
        gathered_bytes += part_bytes
    if row + gathered_rows != end:
        raise pa.ArrowInvalid("the row group holds another number of rows than it says")
    if gathered:
        yield _chunk(gathered, row, layout)


def _chunk(parts: list[pa.RecordBatch], row: int, layout: Layout) -> Chunk:
    batch = layout.canonical(pa.concat_batches(parts))
    return Chunk(batch, np.arange(row, row + batch.num_rows, dtype=np.int64), [])


FORMAT = Format("parquet", (".parquet", ".pq"), (b"PAR1",), read, seeks=True)
