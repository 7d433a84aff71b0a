"""ORC: stripe by stripe, only the columns a map asks for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.orc

from gauger.engine.common.errors import InputError, KernelInputError
from gauger.logs.columns import ColumnMap
from gauger.logs.files import limits
from gauger.logs.readers.chunk import DAMAGE, Chunk, crowded, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.tabular import Layout


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of the file, each a slice of one of its stripes."""
    row = 0
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path}: not an ORC file (0 bytes); write it again or leave it out")
        file = pyarrow.orc.ORCFile(str(path))
        if file.nrows > limits.rows_max(path.stat().st_size):
            raise crowded(path)
        layout = Layout.of(path, file.schema, column_map, columns)
        needed = layout.top_level()
        for stripe in range(file.nstripes):
            batch = file.read_stripe(stripe, columns=needed)
            yield from layout.chunks(batch, row, batch_rows)
            row += batch.num_rows
    except KernelInputError as error:
        raise InputError(f"{path}: {error}") from None
    except DAMAGE as error:
        raise unreadable(path, "ORC", error) from None


FORMAT = Format("orc", (".orc",), (b"ORC",), read)
