"""Instants: whatever a log writes as a time, as microseconds since 1970 in UTC."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.common.schema import EARLIEST_YEAR, LATEST_YEAR, TIMESTAMP
from gauger.engine.intake import written_times
from gauger.engine.intake.written_times import DATE_ONLY, IMPOSSIBLE

TICKS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

_EARLIEST = int(datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())  # exclusive
_MICROSECONDS = TICKS_PER_SECOND["us"]
_TICKS_MAX = 2**63  # no number of ticks that Arrow holds; far beyond any allowed year

# What a whole column of strings may be, the commonest first; a mixed column is parsed row by row.
_WRITTEN_AS = (
    pa.timestamp("us", tz="UTC"),
    pa.timestamp("us"),
    pa.timestamp("ns", tz="UTC"),
    pa.timestamp("ns"),
    pa.int64(),
    pa.float64(),
)
# Forms of whole columns that differ from ISO 8601 in a sign or two: BigQuery and Go in UTC, decimal commas.
_NEARLY_ISO = r"^\s*(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s*(?:Z|UTC|GMT|[+]00:?00(?: UTC)?)\s*$"
_TIME_BYTES_MIN = len("2026-11-16T10:00")


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


def parse(text: pa.Array, *, dates: bool = False) -> tuple[pa.Array, list[tuple[np.ndarray, str]]]:
    """Written times as ``TIMESTAMP``, null where they are none; and the rows at fault (bool) with a reason each.

    dates : a date alone is its midnight in UTC; else it is a fault, as no call is made by the day
    """
    found = _whole(text)
    if found is not None:
        times = to_microseconds(found)
        faults = [(_mask(pc.and_(text.is_valid(), times.is_null())), IMPOSSIBLE)]
    else:
        values = text.to_pylist()
        times, faults = _row_by_row([None if value is None else _read(value, dates) for value in values])
    return times, [(rows, reason) for rows, reason in faults if rows.any()]


def _read(value: str, dates: bool) -> int | float | str:
    found = written_times.read(value)
    return written_times.read(f"{value.strip()} 00:00") if found == DATE_ONLY and dates else found


def _mask(array: pa.Array) -> np.ndarray:
    return array.to_numpy(zero_copy_only=False)


def _whole(text: pa.Array) -> pa.Array | None:
    """A column of one form as timestamps or numbers; None where its rows differ or have a rarer form."""
    # A cast that fails still visits every row and words every error: try one value first.
    first = text.drop_null().slice(0, 1)
    for kind in _WRITTEN_AS:
        try:
            first.cast(kind)
            found = text.cast(kind)
        except pa.ArrowInvalid:
            continue
        # Arrow takes a date or an hour alone for its first instant.
        return None if pt.is_timestamp(kind) and _shortest(text) < _TIME_BYTES_MIN else found
    try:
        plain = pc.replace_substring_regex(text, _NEARLY_ISO, r"\1.\2Z")
        return pc.replace_substring(plain, ".Z", "Z").cast(pa.timestamp("ns", tz="UTC"))
    except pa.ArrowInvalid:
        return None


def _shortest(text: pa.Array) -> int:
    shortest = pc.min(pc.binary_length(text)).as_py()
    return _TIME_BYTES_MIN if shortest is None else shortest


def _row_by_row(read: list[int | float | str | None]) -> tuple[pa.Array, list[tuple[np.ndarray, str]]]:
    """What ``written_times`` read of each row as times, and the rows of each reason."""
    reasons = sorted({one for one in read if isinstance(one, str)})
    whole = [one if isinstance(one, int) and abs(one) < _TICKS_MAX else None for one in read]
    exact = pa.array(whole, pa.int64()).view(pa.timestamp("us"))
    numbers = pa.array([one if isinstance(one, float) else None for one in read], pa.float64())
    times = pc.coalesce(to_microseconds(exact), to_microseconds(numbers))
    lost = np.array([isinstance(one, int | float) for one in read], dtype=bool) & _mask(times.is_null())
    return times, [*((np.array([one == reason for one in read]), reason) for reason in reasons), (lost, IMPOSSIBLE)]
