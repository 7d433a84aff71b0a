"""Readers of log files: every format ends in batches of the canonical schema."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.intake import casting
from gauger.logs.columns import ColumnMap
from gauger.logs.readers.chunk import BATCH_ROWS, Chunk
from gauger.logs.readers.discovery import discover, format_of

__all__ = ["Chunk", "discover", "format_of", "prompts_at", "read"]


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int = BATCH_ROWS, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Read ``path`` in chunks of about ``batch_rows`` rows, in file order, every row in exactly one.

    ``columns`` are the canonical names wanted (None: all). Raises ``InputError``, its message beginning with
    the path, when the file is corrupt; the chunks before that stand.
    """
    return format_of(path).read(path, column_map, batch_rows=batch_rows, columns=columns)


def prompts_at(path: Path, column_map: ColumnMap, rows: np.ndarray) -> dict[int, str]:
    """The prompt text of a few ``rows`` (int64 row numbers), by row; rows without valid text are left out.

    Reads only the prompt column, in a format that seeks only where the rows are, and stops after the last.
    """
    prompts: dict[int, str] = {}
    if len(rows) == 0:
        return prompts
    wanted = np.unique(rows)
    form = format_of(path)
    near = {"near": wanted} if form.seeks else {}
    for chunk in form.read(path, column_map, batch_rows=BATCH_ROWS, columns=["prompt_text"], **near):
        positions = np.flatnonzero(np.isin(chunk.rows, wanted))
        if len(positions) and "prompt_text" in chunk.batch.schema.names:
            texts = casting.cast(chunk.batch.column("prompt_text").take(pa.array(positions)), pa.string()).array
            found = zip(chunk.rows[positions].tolist(), texts.to_pylist(), strict=True)
            prompts.update((row, text) for row, text in found if text is not None)
        if len(chunk.rows) and chunk.rows[-1] >= wanted[-1]:
            break
    return prompts
