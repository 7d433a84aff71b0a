"""Casting: any Arrow layout of a column to its canonical type, value by value.

A value that does not fit becomes null and is named in a fault; it never stops its neighbours. Arrays must
have passed ``structure.check``: everything here trusts offsets and indices. The usual case is a few
vectorised passes; Python looks at single rows only where Arrow refused the whole array.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import TIMESTAMP
from gauger.engine.intake import instants, written_times

Fault = tuple[np.ndarray, str]  # rows (bool, one per row) and what is wrong with them

TOKEN_IDS = pa.list_(pa.int32())
TEXTS = pa.list_(pa.string())
TOKEN_ID_MAX = 2**31 - 1
_NOT_TOKEN_IDS = "is not a list of token ids"
_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


@dataclass(frozen=True)
class Cast:
    """A column of its canonical type, null where a value was bad, with the rows at fault."""

    array: pa.Array
    faults: tuple[Fault, ...] = ()


def cast(array: pa.Array, kind: pa.DataType) -> Cast:
    """Cast ``array`` (any layout) to ``kind``, one of the types of ``CALL_SCHEMA``.

    Raises ``InputError`` when the column holds more than Arrow's 2 GB of text or 2^31 token ids in one batch.
    """
    array = decode(array)
    if kind == pa.string():
        return _text(array)
    if kind == TIMESTAMP:
        return times(array)
    if kind == TOKEN_IDS:
        return _token_ids(array)
    if kind == TEXTS:
        return Cast(_texts(array))
    if pt.is_boolean(kind):
        return Cast(_booleans(array))
    if pt.is_integer(kind):
        return Cast(_integers(array, kind))
    return Cast(_floats(array))


def decode(array: pa.Array) -> pa.Array:
    """Undo dictionaries, run-end encoding and extension types; no offset remains."""
    if pt.is_dictionary(array.type):
        if _is_view(array.type.value_type):  # Arrow does not decode dictionaries of views, which polars makes
            array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.cast(pa.large_binary()))
        return decode(array.dictionary_decode())
    if pt.is_run_end_encoded(array.type):
        if _is_view(array.type.value_type):
            array = pa.RunEndEncodedArray.from_buffers(
                pa.run_end_encoded(array.type.run_end_type, pa.large_binary()),
                len(array),
                [None],
                0,
                array.offset,
                [array.run_ends, array.values.cast(pa.large_binary())],
            )
        return decode(pc.run_end_decode(array))
    if isinstance(array.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    if isinstance(array, pa.ExtensionArray):
        return decode(array.storage)
    # Concatenating copies what a slice points at, so that large offsets shrink and kernels see offset 0.
    return pa.concat_arrays([array]) if array.offset else array


def _is_view(kind: pa.DataType) -> bool:
    return pt.is_string_view(kind) or pt.is_binary_view(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of ``kind`` are bytes that may be UTF-8."""
    return (
        pt.is_string(kind)
        or pt.is_large_string(kind)
        or pt.is_string_view(kind)
        or pt.is_binary(kind)
        or pt.is_large_binary(kind)
        or pt.is_binary_view(kind)
        or pt.is_fixed_size_binary(kind)
    )


def empty(array: pa.Array) -> np.ndarray:
    """Which texts or lists are there but hold nothing; null is not empty. Bool, one per row."""
    lengths = pc.list_value_length(array) if pt.is_list(array.type) else pc.binary_length(array)
    return mask(pc.equal(lengths, 0).fill_null(False))


def mask(array: pa.Array) -> np.ndarray:
    """A boolean Arrow array without nulls as a NumPy one."""
    return array.to_numpy(zero_copy_only=False)


def _text(array: pa.Array) -> Cast:
    if is_text(array.type):
        return _utf8(array)
    if pt.is_floating(array.type):
        array = _finite(array)
    try:
        return Cast(array.cast(pa.string()))
    except _REFUSED:
        return Cast(pa.nulls(len(array), pa.string()), ((mask(array.is_valid()), "is not text"),))


def _utf8(array: pa.Array) -> Cast:
    try:
        raw = array.cast(pa.binary())
    except pa.ArrowInvalid:
        raise InputError("a batch holds more than 2 GB of text; pass smaller batches") from None
    try:
        return Cast(raw.cast(pa.string()))  # from binary, not from string: this cast checks the UTF-8
    except pa.ArrowInvalid:
        good = pa.array([_is_utf8(value) for value in raw.to_pylist()], pa.bool_())
        kept = pc.if_else(good, raw, pa.scalar(None, pa.binary()))
        return Cast(kept.cast(pa.string()), ((~mask(good), "is not valid UTF-8"),))


def _is_utf8(value: bytes | None) -> bool:
    try:
        if value is not None:
            value.decode()
    except UnicodeDecodeError:
        return False
    return True


def times(array: pa.Array, *, dates: bool = False) -> Cast:
    """Decoded times in any form as ``TIMESTAMP``; dates : whether a date alone is its midnight, else it is a fault."""
    present = mask(array.is_valid())
    if pt.is_struct(array.type):  # {"seconds": ..., "nanos": ...} and the like, kept as what they are
        texts = [None if value is None else to_json(value) for value in array.to_pylist()]
        array = pa.array(texts, pa.string())
    if is_text(array.type):
        text = _utf8(array).array
        unreadable = present & mask(text.is_null())
        found, faults = instants.parse(_without(text, empty(text)), dates=dates)
        return Cast(found, (*faults, *_fault(unreadable, written_times.IMPOSSIBLE)))
    if pt.is_date(array.type) and not dates:
        return Cast(pa.nulls(len(array), TIMESTAMP), _fault(present, written_times.DATE_ONLY))
    if pt.is_floating(array.type):
        array = _finite(array)
        present = mask(array.is_valid())
    found = instants.to_microseconds(array)
    return Cast(found, _fault(present & mask(found.is_null()), written_times.IMPOSSIBLE))


def _fault(rows: np.ndarray, reason: str) -> tuple[Fault, ...]:
    return ((rows, reason),) if rows.any() else ()


def _without(array: pa.Array, rows: np.ndarray) -> pa.Array:
    """``array`` with ``rows`` null."""
    return pc.if_else(pa.array(rows), pa.scalar(None, array.type), array) if rows.any() else array


def _finite(array: pa.Array) -> pa.Array:
    """Floats with NaN (pandas' way to say missing) and infinities as null."""
    finite = pc.is_finite(array)
    return array if pc.all(finite).as_py() is not False else pc.if_else(finite, array, None)


def _numbers(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Text as numbers of ``kind``, null where it is none."""
    text = _utf8(array).array
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        return pa.array([_number(value) for value in text.to_pylist()], pa.float64())


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _floats(array: pa.Array) -> pa.Array:
    if is_text(array.type):
        array = _numbers(array, pa.float64())
    if pt.is_duration(array.type):
        seconds = instants.TICKS_PER_SECOND[array.type.unit]
        array = pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), float(seconds))
    if pt.is_boolean(array.type):
        array = array.cast(pa.int8())
    try:
        return _finite(array.cast(pa.float64(), safe=False))
    except _REFUSED:
        return pa.nulls(len(array), pa.float64())


def _integers(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if is_text(array.type):
        array = _numbers(array, pa.int64())
    if pt.is_decimal(array.type) or pt.is_floating(array.type):
        array = _whole(array.cast(pa.float64(), safe=False))
    try:
        return array.cast(kind)
    except _REFUSED:
        if not pt.is_integer(array.type):
            return pa.nulls(len(array), kind)
    span = np.iinfo(kind.to_pandas_dtype())
    inside = pc.less_equal(array, pa.scalar(span.max, pa.int64()).cast(array.type))
    if pt.is_signed_integer(array.type):
        inside = pc.and_(inside, pc.greater_equal(array, pa.scalar(span.min, array.type)))
    return pc.if_else(inside, array, None).cast(kind)


def _whole(values: pa.Array) -> pa.Array:
    """Floats that are whole numbers of int64's range as int64, the rest null."""
    values = _finite(values)
    fits = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), 2.0**63))
    return pc.if_else(fits, values, None).cast(pa.int64())


def _booleans(array: pa.Array) -> pa.Array:
    if is_text(array.type):
        names = {"true": True, "1": True, "false": False, "0": False}
        lowered = pc.ascii_lower(pc.ascii_trim_whitespace(_utf8(array).array))
        return pa.array([names.get(value) for value in lowered.to_pylist()], pa.bool_())
    if pt.is_boolean(array.type):
        return array
    numbers = _integers(array, pa.int64())
    return pc.if_else(pc.is_in(numbers, pa.array([0, 1])), pc.equal(numbers, 1), None)


def _texts(array: pa.Array) -> pa.Array:
    """Lists of strings; a lone string is a list of one, a string that starts with ``[`` is JSON."""
    try:
        # Arrow 26 casts a list view with nulls to a list of broken offsets.
        if is_list(array.type) and not (pt.is_list_view(array.type) or pt.is_large_list_view(array.type)):
            # As in _utf8, the way through binary is what makes Arrow check the text.
            return array.cast(pa.list_(pa.binary())).cast(TEXTS)
    except _REFUSED:
        pass
    if not is_text(array.type) or _is_view(array.type):
        return pa.array([_text_list(python_value(array, row)) for row in range(len(array))], TEXTS)
    encoded = array.dictionary_encode()  # JSON that repeats, as reasons and system texts do, is parsed once
    lists = [_text_list(python_value(encoded.dictionary, place)) for place in range(len(encoded.dictionary))]
    return pa.array(lists, TEXTS).take(encoded.indices)


def _text_list(value: Any) -> list[str | None] | None:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        value = _json(value) if value.startswith("[") else [value]
    if not isinstance(value, list):
        return None
    return [element if isinstance(element, str) else None for element in value]


def python_value(array: pa.Array, row: int) -> Any:
    """A value as a Python object; None where its text is not UTF-8."""
    try:
        return array[row].as_py()
    except UnicodeDecodeError:
        return None


def to_json(value: Any) -> str | None:
    """A JSON-like value as JSON; None for one that is nested too deeply to be written."""
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # orjson reads four times as many levels as it writes
        return None


def _json(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _token_ids(array: pa.Array) -> Cast:
    if is_text(array.type):
        return _token_ids_of_json(array)
    if not is_list(array.type):
        return Cast(pa.nulls(len(array), TOKEN_IDS), _fault(mask(array.is_valid()), _NOT_TOKEN_IDS))
    values = _integers(decode(array.flatten()), pa.int32())
    wrong = mask(pc.less(values, 0).fill_null(True))
    lengths = pc.list_value_length(array).fill_null(0).to_numpy().astype(np.int64)
    if lengths.sum() > TOKEN_ID_MAX:
        raise InputError("a batch holds more than 2^31 token ids; pass smaller batches")
    offsets = np.zeros(len(array) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    at_fault = np.zeros(len(array), dtype=bool)
    at_fault[np.searchsorted(offsets, np.flatnonzero(wrong), side="right") - 1] = True
    nulls = pa.array(at_fault | mask(array.is_null()))
    lists = pa.ListArray.from_arrays(pa.array(offsets), values.fill_null(0), mask=nulls)
    return Cast(lists, _fault(at_fault, f"holds a token id outside 0..{TOKEN_ID_MAX}"))


def is_list(kind: pa.DataType) -> bool:
    """Whether values of ``kind`` are lists, in any of Arrow's layouts."""
    return (
        pt.is_list(kind)
        or pt.is_large_list(kind)
        or pt.is_fixed_size_list(kind)
        or pt.is_list_view(kind)
        or pt.is_large_list_view(kind)
    )


def _token_ids_of_json(array: pa.Array) -> Cast:
    """Token ids written as JSON lists, as CSV has to."""
    texts = _utf8(array).array.to_pylist()
    lists = [None if text is None else _numbers_of_json(text) for text in texts]
    lost = mask(array.is_valid()) & np.array([row is None for row in lists], dtype=bool)
    parsed = _token_ids(pa.array(lists, pa.list_(pa.float64())))  # float64 holds every token id exactly
    return Cast(parsed.array, _fault(lost, _NOT_TOKEN_IDS) + parsed.faults)


def _numbers_of_json(text: str) -> list[float] | None:
    value = _json(text)
    if not isinstance(value, list) or any(type(element) not in (int, float) for element in value):
        return None
    return [float(element) for element in value]
