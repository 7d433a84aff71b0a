"""Outputs of a suspect model, a text or a list of token ids each, in any format that logs have, or as lines of text.

They are read as logs are: another's files, under the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from gauger.text.formats import plural

TEXT_FIELDS = ("text", "output", "completion", "response", "generated_text", "choices.0.message.content", "content")
TOKEN_FIELDS = ("token_ids", "output_token_ids", "tokens", "completion_token_ids")
_LINES = (".txt", ".text")
_BATCH = 8_192


@dataclass
class Records:
    """What became of the records of some files."""

    read: int = 0
    damaged: int = 0  # cannot be read
    empty: int = 0  # hold nothing where outputs are

    def __str__(self) -> str:
        """What was not examined, as a sentence; nothing where all was."""
        said = [f"{self.damaged:,} cannot be read"] * bool(self.damaged)
        said += [f"{self.empty:,} {'holds' if self.empty == 1 else 'hold'} no output"] * bool(self.empty)
        return f"Of {plural(self.read, 'record')} {' and '.join(said)}: not examined." if said else ""


def texts(inputs: Sequence[str | Path], field: str | None = None, records: Records | None = None) -> Iterator[str]:
    """The texts of some files, in order; empty ones are left out.

    field : dotted path of the text in a record; else the first of ``TEXT_FIELDS`` that holds something. A file named
    ``.txt`` has an output a line.
    records : where it is counted what became of them
    Raises InputError, beginning with the path, for a file that cannot be read or has none.
    """
    records = Records() if records is None else records
    for path in discover(inputs):
        for array in arrays(path, "prompt_text", (field,) if field else TEXT_FIELDS, records):
            found = [text for text in array.to_pylist() if text]
            records.empty += len(array) - array.null_count - len(found)
            yield from found


def token_ids(
    inputs: Sequence[str | Path], field: str | None = None, records: Records | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Token ids of all outputs behind each other, int32[m], and where each begins, int64[n + 1].

    field, records : as of ``texts``, else the first of ``TOKEN_FIELDS``. Raises InputError as ``texts``.
    """
    records = Records() if records is None else records
    values, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for path in discover(inputs):
        for array in arrays(path, "prompt_token_ids", (field,) if field else TOKEN_FIELDS, records):
            flat = array.drop_null()
            values.append(np.asarray(flat.flatten(), np.int32))
            lengths.append(np.asarray(flat.value_lengths(), np.int64))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(lengths))])
    return np.concatenate(values), offsets


def arrays(path: Path, column: str, fields: Sequence[str], records: Records) -> Iterator[pa.Array]:
    """A column of a file, of its canonical type, some rows at a time: the first of ``fields`` that holds something.

    Raises InputError where no row has any.
    """
    line = "(?P<text>.*)" if suffix_of(path) in _LINES and column == "prompt_text" else None
    names = ("text",) if line else fields
    # Any text or list of ids is read as a prompt is: the map says where it stands.
    column_map = ColumnMap("outputs", {column: tuple(map(Source, names))}, line=line)
    found = 0
    for chunk in read(path, column_map, batch_rows=_BATCH, columns=(column,)):
        records.read += chunk.batch.num_rows + len(chunk.broken)
        records.damaged += len(chunk.broken)
        if column not in chunk.batch.schema.names:
            records.empty += chunk.batch.num_rows
        else:
            array = casting.cast(chunk.batch.column(column), CALL_SCHEMA.field(column).type).array
            found += len(array) - array.null_count
            records.empty += array.null_count
            yield array
    if not found:
        raise InputError(f"{path}: no record has {' or '.join(fields)}; say where the outputs are with --field")
