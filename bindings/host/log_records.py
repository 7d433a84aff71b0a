"""Log records: what a gateway writes of a call, read by the column map that reads its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from gauger.host.coercion import ENDED
from gauger.host.taking import LogRecord, well_formed
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import jsonl

_DIGITS_MAX = 19  # of an integer of 64 bits
_CROWDED, _BROKEN = "record holds too many values", "record is no JSON object"


def calls_of(records: Sequence[LogRecord], column_map: ColumnMap) -> tuple[pa.RecordBatch, Counter[str], int]:
    """The calls of records under canonical names, those that cannot be read by reason, and how many there are in all.

    A record may hold several calls, and one that holds none is one that is refused.
    """
    batcher = jsonl.Batcher(Path("record"), column_map, None)
    batcher.add_values([_parsed(record) for record in records], sum(len(body) for body, _, _ in records))
    chunk = batcher.chunk()
    batch = chunk.batch
    if ENDED in column_map.sources() and ENDED not in batch.schema.names:
        batch = batch.append_column(ENDED, pa.nulls(batch.num_rows, pa.string()))
    return batch, Counter(reason for _, reason in chunk.broken), batch.num_rows + len(chunk.broken)


def _parsed(record: LogRecord) -> Any:
    """A record as an object; a text says what is wrong with it."""
    body, own, under = record
    if jsonl.is_crowded(body):
        return _CROWDED
    try:
        value = _loaded(body)
        beside = {} if own is None else _loaded(own)
    except (ValueError, RecursionError):
        return _BROKEN
    if not isinstance(value, dict) or not isinstance(beside, dict):
        return _BROKEN
    return {**(value if under is None else {under: value}), **beside}


def _loaded(body: bytes) -> Any:
    """A JSON document as servers in Python take it: in UTF-16, with NaN, with halves of surrogate pairs, too.

    Else who sends one would be served, and never be seen.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode(json.detect_encoding(body), "surrogatepass").removeprefix("\ufeff")
        value = json.loads(text, parse_constant=lambda _: None, parse_int=_whole)
        return orjson.loads(well_formed(json.dumps(value, ensure_ascii=False)))


def _whole(digits: str) -> int | None:
    """An integer; one that no field can hold is nothing."""
    return int(digits) if len(digits) < _DIGITS_MAX else None
