"""Coercing calls: fields of any type become columns of the canonical schema, value by value.

A value that cannot be what its column is becomes null and is counted. It takes neither its call nor others along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from gauger.engine.common.errors import GaugerError
from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION
from gauger.engine.intake import casting
from gauger.host.taking import Unusable, well_formed

_DEPTH_MAX = 3  # of lists in a column: Arrow takes a fifth of a second to tell the type of a thousand in each other
ENDED = "error_type"  # null says that there was no error
MENDED = "characters that are no text"  # beside the columns in what is counted

# What Arrow takes as it is, by the type of the column.
_EXACT: dict[pa.DataType, tuple[type, ...]] = {
    pa.string(): (str,),
    pa.float64(): (float, int),
    pa.int64(): (int,),
    pa.int32(): (int,),
    pa.bool_(): (bool,),
}


def batches(calls: Sequence[dict[str, Any]], bad: Counter[str]) -> Iterator[pa.RecordBatch]:
    """Taken calls as batches under canonical names.

    Apart where prompts come as text and as token ids, and where calls say how they ended and where they do not: a call
    without an error is not one of which nobody knows. bad : values that became null, by column, are added here, and
    texts that were mended
    """
    groups: dict[tuple[bool, bool], list[dict[str, Any]]] = {}
    for call in calls:
        by_tokens = "prompt_token_ids" in call and call.get("prompt_text") is None and "messages" not in call
        groups.setdefault((by_tokens, ENDED in call), []).append(call)
    for (_, ended), group in groups.items():
        yield _batch(group, {ENDED} if ended else set(), bad)


def _batch(calls: Sequence[dict[str, Any]], names: set[str], bad: Counter[str]) -> pa.RecordBatch:
    """names : of columns that are there whether they say anything or not"""
    names = {name for call in calls for name, value in call.items() if value is not None} | names
    names |= {"account_id", "start_time"}
    if not names & {"prompt_text", "prompt_token_ids", "messages"}:
        names.add("prompt_text")
    columns = {name: _column(name, [call.get(name) for call in calls], bad) for name in sorted(names)}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _column(name: str, values: list[Any], bad: Counter[str]) -> pa.Array:
    """Values of one column of its type; of a chat, JSON."""
    kind = pa.string() if name in CONVERSATION else CALL_SCHEMA.field(name).type
    exact = _EXACT.get(kind, (datetime,))
    for place, value in enumerate(values):
        if value is not None and type(value) not in exact:
            values[place] = found = _coerced(value, kind, name in CONVERSATION)
            if found is None:
                bad[name] += 1
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return pa.concat_arrays([_alone(name, value, kind, bad) for value in values])


def _alone(name: str, value: Any, kind: pa.DataType, bad: Counter[str]) -> pa.Array:
    """One value: mended where it is text that no UTF-8 can say, null where Arrow cannot hold it."""
    try:
        return pa.array([value], kind)
    except UnicodeEncodeError:
        bad[MENDED] += 1
        return pa.array([well_formed(value)], kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        bad[name] += 1
        return pa.nulls(1, kind)


def _coerced(value: Any, kind: pa.DataType, is_chat: bool) -> Any:
    """A value of another type as one of the column's; None where it cannot be."""
    if isinstance(value, Unusable):  # it came through a pipe
        return None
    try:
        if isinstance(value, bytes):  # JSON of what the host gave
            if is_chat:
                return value.decode()
            opened = value.count(b"[") + value.count(b"{")
            value = orjson.loads(value)
            if opened > _DEPTH_MAX and _is_deep(value):
                return None
        if kind == pa.string():
            if isinstance(value, dict | list):
                return None
            return value.isoformat() if isinstance(value, datetime) else str(value)
        return casting.cast(pa.array([value]), kind).array[0].as_py()
    except (pa.ArrowException, GaugerError, ValueError, TypeError, OverflowError):
        return None


def _is_deep(value: Any) -> bool:
    """Whether a list holds lists deeper in each other than any column does."""
    level = [value] if type(value) in (list, dict) else []
    for _ in range(_DEPTH_MAX):
        level = [inner for one in level for inner in (one.values() if type(one) is dict else one)]
        level = [one for one in level if type(one) in (list, dict)]
    return bool(level)
