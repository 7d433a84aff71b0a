"""Records: JSON-like objects to a batch under canonical names.

Values are not judged here (intake does that); they only have to become Arrow arrays. A column whose values
share no Arrow type is written out as text, which intake parses value by value, so one odd row never costs
the others.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION
from gauger.engine.intake import casting, conversation
from gauger.engine.intake.conversation import DEFAULT, Rules
from gauger.engine.intake.values import plain
from gauger.logs.columns import BESIDE, Source
from gauger.logs.fields import Fields, every_value, first_values
from gauger.logs.paths import is_tail

_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError)
_PLAIN = {str: pa.string(), bool: pa.bool_(), int: pa.int64()}


def to_arrays(
    records: Sequence[dict[str, Any]], sources: dict[str, tuple[Source, ...]], rules: Rules = DEFAULT
) -> dict[str, pa.Array]:
    """The columns of ``records`` by canonical name; one without any value is left out."""
    fields = Fields(records if isinstance(records, list) else list(records))
    arrays: dict[str, pa.Array] = {}
    chats: dict[str, list[Any]] = {}
    for name, places in sources.items():
        there = list(filter(fields.may_hold, places))
        if name in BESIDE and len(there) > 1:
            chats[name] = every_value(fields, there)
        elif (values := first_values(fields, there, name)) is not None:
            if name in CONVERSATION:
                chats[name] = values
            else:
                arrays[name] = to_array(name, values)
    arrays = with_chats(arrays, chats, rules)
    if (broken := _broken(records, sources, arrays.get("account_id"))) is not None:
        known = arrays.get("prompt_fault")
        arrays["prompt_fault"] = broken if known is None else pc.coalesce(broken, known)
    return arrays


def _broken(
    records: Sequence[dict[str, Any]], sources: dict[str, tuple[Source, ...]], accounts: pa.Array | None
) -> pa.Array | None:
    """``prompt_fault`` of records without an account that hold half of a JSON text where columns are looked for."""
    lost = range(len(records)) if accounts is None else np.flatnonzero(np.asarray(accounts.is_null())).tolist()
    fields = {place.steps[0] for places in sources.values() for place in places if len(place.steps) > 1}
    found = {row for row in lost if any(_is_half(records[row].get(name)) for name in fields)}
    if not found:
        return None
    return pa.array([conversation.BROKEN if row in found else None for row in range(len(records))], pa.string())


def _is_half(value: Any) -> bool:
    """Whether a text begins as an object and does not end, or ends as one and did not begin."""
    if not isinstance(value, str) or not value or value[0] == "[":
        return False
    if value[0] != "{":
        return is_tail(value)
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return not value.rstrip().endswith("}")
    return False


def with_chats(arrays: dict[str, pa.Array], chats: dict[str, list[Any]], rules: Rules) -> dict[str, pa.Array]:
    """Columns with those that whole chats become; where a chat says nothing, a text beside it counts.

    chats : values by name of ``CONVERSATION``, of as many rows each
    """
    if not chats:
        return arrays
    nothing = [None] * len(next(iter(chats.values())))
    messages, systems, tools = (chats.get(name, nothing) for name in CONVERSATION)
    found = conversation.columns(messages, systems, tools, rules)
    if "prompt_text" in arrays:
        text = casting.cast(arrays["prompt_text"], pa.string()).array
        found["prompt_text"] = pc.coalesce(found["prompt_text"], text)
    return {**arrays, **found}


def in_order(names: Iterable[str]) -> list[str]:
    """Names of columns in the order of the schema, others behind."""
    place = {name: number for number, name in enumerate(CALL_SCHEMA.names)}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def concatenate(name: str, parts: Sequence[pa.Array]) -> pa.Array:
    """The pieces of column ``name`` as one array, through Python values where their types differ."""
    kinds = {part.type for part in parts if not pt.is_null(part.type)}
    if len(kinds) > 1:
        return to_array(name, [value for part in parts for value in part.to_pylist()])
    kind = kinds.pop() if kinds else pa.null()
    return pa.concat_arrays([pa.nulls(len(part), kind) if pt.is_null(part.type) else part for part in parts])


def to_array(name: str, values: list[Any]) -> pa.Array:
    """JSON-like values as an Arrow array of a type intake can cast to that of canonical column ``name``."""
    target = CALL_SCHEMA.field(name).type
    kind = _kind(set(map(type, values)) - {type(None)}, target)
    if kind is not None:
        try:
            return pa.array(values, kind)
        except _REFUSED:
            pass
    return pa.array([_written(plain(name, value), pt.is_list(target)) for value in values], pa.string())


def _kind(types: set[type], target: pa.DataType) -> pa.DataType | None:
    """The Arrow type for values of these Python types, None when they share none.

    Told apart here, not by trying: Arrow cuts 1.5 to 1 where it is asked for integers, and "ab" to two
    letters where it is asked for lists.
    """
    if not types:
        return pa.null()
    if types == {list} and pt.is_list(target):
        # float64 holds every token id exactly and keeps 1.5 from passing for one.
        return pa.list_(pa.string() if target.value_type == pa.string() else pa.float64())
    if types <= {int, float} and float in types:
        return pa.float64()
    return _PLAIN.get(next(iter(types))) if len(types) == 1 else None


def _written(value: Any, is_list: bool) -> str | None:
    """A value as text; an object, or a list where none belongs, is nothing."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if is_list and isinstance(value, list):
        return casting.to_json(value)
    return None if isinstance(value, dict | list) else str(value)  # dates, decimals and the like of typed formats
