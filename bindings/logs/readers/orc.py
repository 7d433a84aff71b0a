"""ORC: stripe by stripe, only the columns a map asks for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from gauger.engine.common.errors import InputError, KernelInputError
from gauger.logs.columns import ColumnMap
from gauger.logs.files import apart, limits
from gauger.logs.readers.chunk import DAMAGE, Chunk, crowded, unreadable
from gauger.logs.readers.format import Format
from gauger.logs.readers.tabular import Layout
from gauger.stores.elsewhere import named, opened


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of the file, each a slice of one of its stripes; a damaged file cannot end the process."""
    row = 0
    try:
        with opened(path) as found:  # what the system says of it is met here
            if not found.read(1):
                raise InputError(f"{path}: not an ORC file (0 bytes); write it again or leave it out")
        with named(path) as own, apart.decoded(own) as file:
            if file.rows > limits.rows_max(path.stat().st_size):
                raise crowded(path)
            layout = Layout.of(path, file.schema, column_map, columns)
            for batch in file.stripes(layout.top_level()):
                yield from layout.chunks(batch, row, batch_rows)
                row += batch.num_rows
            if row != file.rows:
                raise pa.ArrowInvalid("its stripes hold another number of rows than it says")
    except KernelInputError as error:
        raise InputError(f"{path}: {error}") from None
    except DAMAGE as error:
        raise unreadable(path, "ORC", error) from None


FORMAT = Format("orc", (".orc",), (b"ORC",), read)
