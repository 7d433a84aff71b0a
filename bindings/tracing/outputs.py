"""Outputs of a suspect model, a text or a list of token ids each, in any format that logs have, or as lines of text.

They are read as logs are: another's files, under the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake import casting
from gauger.logs.column_map import ColumnMap
from gauger.logs.paths import Source
from gauger.logs.readers import discover, read
from gauger.logs.readers.sniffing import suffix_of

TEXT_FIELDS = ("text", "output", "completion", "response", "generated_text", "choices.0.message.content", "content")
TOKEN_FIELDS = ("token_ids", "output_token_ids", "tokens", "completion_token_ids")
_LINES = (".txt", ".text")
_BATCH = 8_192


def texts(inputs: Sequence[str | Path], field: str | None = None) -> Iterator[str]:
    """The texts of some files, in order; empty ones are left out.

    field : dotted path of the text in a record; else the first of ``TEXT_FIELDS`` that holds something. A file named
    ``.txt`` has an output a line.
    Raises InputError, beginning with the path, for a file that cannot be read or has none.
    """
    for path in discover(inputs):
        for array in arrays(path, "prompt_text", (field,) if field else TEXT_FIELDS):
            yield from (text for text in array.to_pylist() if text)


def token_ids(inputs: Sequence[str | Path], field: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Token ids of all outputs behind each other, int32[m], and where each begins, int64[n + 1].

    field : as of ``texts``, else the first of ``TOKEN_FIELDS``. Raises InputError as ``texts``.
    """
    values, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for path in discover(inputs):
        for array in arrays(path, "prompt_token_ids", (field,) if field else TOKEN_FIELDS):
            flat = array.drop_null()
            values.append(np.asarray(flat.flatten(), np.int32))
            lengths.append(np.asarray(flat.value_lengths(), np.int64))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(lengths))])
    return np.concatenate(values), offsets


def arrays(path: Path, column: str, fields: Sequence[str]) -> Iterator[pa.Array]:
    """A column of a file, of its canonical type, some rows at a time: the first of ``fields`` that holds something.

    Raises InputError where no row has any.
    """
    line = "(?P<text>.*)" if suffix_of(path) in _LINES and column == "prompt_text" else None
    names = ("text",) if line else fields
    # Any text or list of ids is read as a prompt is: the map says where it stands.
    column_map = ColumnMap("outputs", {column: tuple(map(Source, names))}, line=line)
    found = 0
    for chunk in read(path, column_map, batch_rows=_BATCH, columns=(column,)):
        if column in chunk.batch.schema.names:
            array = casting.cast(chunk.batch.column(column), CALL_SCHEMA.field(column).type).array
            found += len(array) - array.null_count
            yield array
    if not found:
        raise InputError(f"{path}: no record has {' or '.join(fields)}; say where the outputs are with --field")
