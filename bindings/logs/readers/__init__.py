"""Readers of log files: every format ends in batches of the canonical schema."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake import casting, conversation
from gauger.engine.intake.parts import NOT_A_CALL
from gauger.logs.columns import ColumnMap
from gauger.logs.files import limits
from gauger.logs.readers import jsonl, shaped
from gauger.logs.readers.chunk import BATCH_ROWS, Chunk, crowded, decoded_bytes
from gauger.logs.readers.discovery import Found, LeftOut, discover, survey
from gauger.logs.readers.format import Format
from gauger.logs.readers.sniffing import format_of

_SAID = ("prompt_text", "context_texts", "continuation")

__all__ = [
    "Chunk",
    "Found",
    "LeftOut",
    "discover",
    "form_of",
    "format_of",
    "prepared",
    "prompts_at",
    "read",
    "survey",
]


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int = BATCH_ROWS, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Read ``path`` in chunks of about ``batch_rows`` rows, in file order, every row in exactly one.

    ``columns`` are the canonical names wanted (None: all). Raises ``InputError``, its message beginning with
    the path, when the file is corrupt or beyond a limit; the chunks before that stand.
    """
    form = form_of(path, column_map)
    column_map = prepared(column_map, [path])
    by = shaped.reader_of(form) if column_map.is_shaped and not form.shapes else form.read
    return _within_limits(path, by(path, column_map, batch_rows=batch_rows, columns=columns))


def form_of(path: Path, column_map: ColumnMap) -> Format:
    """The format a file is read in: that of its content, but lines of text where the map has a pattern for them.

    Raises ``InputError`` as ``format_of`` does.
    """
    return format_of(path) if column_map.line is None else jsonl.FORMAT


def prepared(column_map: ColumnMap, paths: Sequence[Path], rows_max: int | None = None) -> ColumnMap:
    """A map that puts records together, with what its first reading of the files found; any other as it is.

    rows_max : rows of each file to look at (None: all); what cannot be read is said when the file is read again
    """
    parts = column_map.shape.parts
    if not parts or parts[0].kept is not None:
        return column_map
    first = column_map.keeping()
    for path in paths:
        with suppress(InputError):
            for _ in islice(read(path, first), rows_max):
                pass
    first.first_reading_done()
    return first


def _within_limits(path: Path, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """``chunks`` as long as they are no more than a log of that size can be."""
    rows = broken = decoded = 0
    for chunk in chunks:
        size = path.stat().st_size
        rows += chunk.batch.num_rows + len(chunk.broken)
        broken += sum(not reason.startswith(NOT_A_CALL) for _, reason in chunk.broken)
        decoded += sum(map(decoded_bytes, chunk.batch.columns))
        if rows > limits.rows_max(size):
            raise crowded(path)
        if decoded > limits.decoded_max(size):
            raise InputError(
                f"{path}: holds more than {limits.DECODED_PER_BYTE:,} times its size; no log shrinks that much"
            )
        yield chunk
        if broken > limits.BROKEN_ROWS_MAX:
            raise InputError(f"{path}: more than {limits.BROKEN_ROWS_MAX:,} rows cannot be read; the rest is left out")


def prompts_at(path: Path, column_map: ColumnMap, rows: np.ndarray) -> dict[int, str]:
    """The prompt text of a few ``rows`` (int64 row numbers), by row; rows without valid text are left out.

    Reads only the prompt column, in a format that seeks only where the rows are, and stops after the last.
    """
    prompts: dict[int, str] = {}
    if len(rows) == 0:
        return prompts
    wanted = np.unique(rows)
    form = form_of(path, column_map)
    seeks = form.seeks and not column_map.is_shaped  # rows that are made are not those that stand in the file
    chunks = (
        form.read(path, column_map, batch_rows=BATCH_ROWS, columns=_SAID, near=wanted)
        if seeks
        else read(path, column_map, columns=_SAID)
    )
    for chunk in chunks:
        positions = np.flatnonzero(np.isin(chunk.rows, wanted))
        if len(positions) and "prompt_text" in chunk.batch.schema.names:
            known = [name for name in _SAID if name in chunk.batch.schema.names]
            own = chunk.batch.select(known).take(pa.array(positions))
            casts = {name: casting.cast(own.column(name), CALL_SCHEMA.field(name).type).array for name in known}
            texts = conversation.said(pa.record_batch(casts)).column("prompt_text")
            found = zip(chunk.rows[positions].tolist(), texts.to_pylist(), strict=True)
            prompts.update((row, text) for row, text in found if text is not None)
        if len(chunk.rows) and chunk.rows[-1] >= wanted[-1]:
            break
    return prompts
