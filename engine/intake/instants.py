"""Instants: whatever a log writes as a time, as microseconds since 1970 in UTC."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from gauger.engine.common.schema import EARLIEST_YEAR, LATEST_YEAR, TIMESTAMP

TICKS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

_EARLIEST = int(datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())  # exclusive
_MICROSECONDS = TICKS_PER_SECOND["us"]

# What a whole column of strings may be, the commonest first; a mixed column is parsed row by row.
_WRITTEN_AS = (
    pa.timestamp("us", tz="UTC"),
    pa.timestamp("us"),
    pa.timestamp("ns", tz="UTC"),
    pa.timestamp("ns"),
    pa.int64(),
    pa.float64(),
)


def to_microseconds(array: pa.Array) -> pa.Array:
    """Timestamps, dates or epoch numbers as ``TIMESTAMP``; null where outside EARLIEST_YEAR..LATEST_YEAR.

    Timestamps without a zone are UTC. Numbers are seconds, milliseconds, microseconds or nanoseconds since
    1970, told apart by magnitude: within the allowed years the four ranges do not overlap.
    """
    if pt.is_date(array.type):
        array = array.cast(pa.timestamp("s"))
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if pt.is_timestamp(array.type):
        ticks = array.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        units = [TICKS_PER_SECOND[array.type.unit]]
    elif pt.is_integer(array.type) or pt.is_floating(array.type):
        wide = pa.float64() if pt.is_floating(array.type) or pt.is_uint64(array.type) else pa.int64()
        ticks = array.cast(wide, safe=False).fill_null(0).to_numpy(zero_copy_only=False)
        units = list(TICKS_PER_SECOND.values())
    elif pt.is_decimal(array.type):
        return to_microseconds(array.cast(pa.float64(), safe=False))
    else:
        return pa.nulls(len(array), TIMESTAMP)
    microseconds = np.zeros(len(array), dtype=np.int64)
    possible = np.zeros(len(array), dtype=bool)
    for unit in units:
        inside = valid & (ticks >= _EARLIEST * unit) & (ticks < _LATEST * unit)
        microseconds[inside] = _rescale(ticks[inside], unit)
        possible |= inside
    return pa.array(microseconds, mask=~possible).view(TIMESTAMP)


def _rescale(ticks: np.ndarray, unit: int) -> np.ndarray:
    if ticks.dtype.kind == "f":
        return np.rint(ticks * (_MICROSECONDS / unit)).astype(np.int64)
    return ticks * (_MICROSECONDS // unit) if unit <= _MICROSECONDS else ticks // (unit // _MICROSECONDS)


def parse(text: pa.Array) -> pa.Array:
    """ISO 8601 text or written epoch numbers as timestamps or numbers; null where unparsable."""
    # A cast that fails still visits every row and words every error: try one value first.
    first = text.drop_null().slice(0, 1)
    for kind in _WRITTEN_AS:
        try:
            first.cast(kind)
            return text.cast(kind)
        except pa.ArrowInvalid:
            continue
    return pa.array([_microseconds(value) for value in text.to_pylist()], pa.int64()).view(pa.timestamp("us"))


def _microseconds(value: str | None) -> int | None:
    if value is None:
        return None
    value = value.strip()
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return _epoch(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * _MICROSECONDS)


def _epoch(value: str) -> int | None:
    try:
        number = np.array([float(value)])
    except ValueError:
        return None
    return to_microseconds(pa.array(number)).view(pa.int64())[0].as_py()
