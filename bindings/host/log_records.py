"""Log records: what a gateway writes of a call, read by the column map that reads its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from gauger.host.coercion import ENDED
from gauger.host.taking import LogRecord
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import jsonl

_CROWDED, _BROKEN = "record holds too many values", "record is no JSON object"


def calls_of(records: Sequence[LogRecord], column_map: ColumnMap) -> tuple[pa.RecordBatch, Counter[str], int]:
    """The calls of records under canonical names, those that cannot be read by reason, and how many there are in all.

    A record may hold several calls, and one that holds none is one that is refused.
    """
    batcher = jsonl.Batcher(Path("record"), column_map, None)
    batcher.add_values([_parsed(record) for record in records], sum(len(record.body) for record in records))
    chunk = batcher.chunk()
    batch = chunk.batch
    if ENDED in column_map.sources() and ENDED not in batch.schema.names:
        batch = batch.append_column(ENDED, pa.nulls(batch.num_rows, pa.string()))
    return batch, Counter(reason for _, reason in chunk.broken), batch.num_rows + len(chunk.broken)


def _parsed(record: LogRecord) -> Any:
    """A record as an object; a text says what is wrong with it."""
    if jsonl.is_crowded(record.body):
        return _CROWDED
    try:
        value = orjson.loads(record.body)
    except orjson.JSONDecodeError:
        return _BROKEN
    if not isinstance(value, dict):
        return _BROKEN
    value = value if record.under is None else {record.under: value}
    return value if record.beside is None else {**value, **orjson.loads(record.beside)}
