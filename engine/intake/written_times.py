"""Written times: the forms in which logs write an instant as text, read one by one.

``instants`` reads whole columns of ISO 8601 and epoch numbers; what it cannot comes here. A form is read only where
it says one instant: what could be another hour is refused with a reason.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

UNKNOWN = "is in no known form of a time"
IMPOSSIBLE = "is impossible"
DATE_ONLY = "is a date without a time of day"
NAMED_ZONE = "is a local time of a named zone; write it in UTC or with its offset"
DAY_OR_MONTH = "does not tell day from month; write the year first"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
# What stands before the zone. In order: ISO 8601 and its relatives; common log format; RFC 2822; asctime, date(1),
# JavaScript.
_HEADS = tuple(
    re.compile(form.replace("CLOCK", _CLOCK).replace("WEEKDAY", _WEEKDAY), re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?:T|\s+)CLOCK",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})"
        r"(?:[.,](?P<fraction>\d+))?",
        r"(?P<day>\d{1,2})/(?P<name>[a-z]{3})/(?P<year>\d{4}):CLOCK",
        r"WEEKDAY(?P<day>\d{1,2})[ -](?P<name>[a-z]{3})[a-z]*[ -](?P<year>\d{4})\s+CLOCK",
        r"WEEKDAY(?P<name>[a-z]{3})[a-z]*\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4}),?\s+CLOCK",
        r"WEEKDAY(?P<name>[a-z]{3})\s+(?P<day>\d{1,2})\s+CLOCK(?P<zone>(?:\s+[a-z]{1,5})?)\s+(?P<year>\d{4})$",
    )
)
# What stands behind it: half of the day; UTC by name; an offset, after which a name adds nothing (Go, JavaScript).
_TAIL = re.compile(
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<utc>(?:Z|UTC|GMT|UT|Etc/UTC)(?![a-z]))?\s*"
    r"(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?::00)?(?P<named>\s*[(\[]?[a-z][^\d]*)?)?"
    r"(?:\s*m=[+-][\d.]+)?(?:\s*[(\[](?:UTC|GMT|Z|Etc/UTC|Coordinated Universal Time)[)\]])?\s*",
    re.IGNORECASE,
)
_NAME = re.compile(r"\s*[(\[]?[a-z][a-z_]*(?:/[a-z_/]+)*(?:[+-]\d+)?[)\]]?\s*", re.IGNORECASE)
_DATE = re.compile(
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|(?:19|20|21)\d{2}[01]\d[0-3]\d|"
    rf"{_WEEKDAY}\d{{1,2}}[ /-][a-z]{{3,9}}[ /-]\d{{4}})Z?",
    re.IGNORECASE,
)
_AMBIGUOUS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:\D.*)?", re.DOTALL)
_NET = re.compile(r"\\?/Date\((?P<ms>-?\d+)(?:[+-]\d{4})?\)\\?/")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)
# Objects that hold an instant under one of their names: MongoDB, BigQuery, DynamoDB.
_WRAPPERS = ("$date", "$numberLong", "$numberDouble", "value", "N", "S")
_SECONDS, _NANOSECONDS = ("seconds", "Seconds", "_seconds"), ("nanos", "Nanos", "nanoseconds", "_nanoseconds")
_DEPTH_MAX = 3


@lru_cache(maxsize=1 << 14)
def read(text: str) -> int | float | str:
    """A written time as microseconds since 1970 in UTC (int), as an epoch number of unknown unit (float), or the reason
    why it is none (text). A time without a zone is UTC.
    """
    text = text.strip().strip('"').strip()
    if _NUMBER.fullmatch(text):
        return DATE_ONLY if _DATE.fullmatch(text) else float(text.replace(",", "."))
    if text.startswith("{"):
        return _of_json(text)
    if found := _NET.fullmatch(text):
        return int(found["ms"]) * 1000
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    for form in _HEADS:
        if head := form.match(text):
            zone = head.groupdict().get("zone")
            return _at(head, text[head.end() :] if zone is None else zone)
    if _DATE.fullmatch(text):
        return DATE_ONLY
    return DAY_OR_MONTH if _AMBIGUOUS.fullmatch(text) else _iso(text)


def _iso(text: str) -> int | str:
    """The rarer forms of ISO 8601: weeks, days of the year."""
    if "T" not in text and ":" not in text:
        return UNKNOWN
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return UNKNOWN
    return _microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _at(head: re.Match[str], rest: str) -> int | str:
    """The instant of a matched form, from what stands behind it."""
    tail = _TAIL.fullmatch(rest)
    if tail is None:
        return NAMED_ZONE if _NAME.fullmatch(rest) else UNKNOWN
    part = head.groupdict()
    hour = int(part["hour"])
    if tail["half"]:
        if not 1 <= hour <= 12:
            return IMPOSSIBLE
        hour = hour % 12 + (12 if tail["half"][0] in "pP" else 0)
    try:
        month = int(part["month"]) if "month" in part else _MONTHS.index(part["name"].lower()) + 1
        clock = (hour, int(part["minute"]), int(part["second"] or 0), int((part["fraction"] or "0")[:6].ljust(6, "0")))
        moment = datetime(int(part["year"]), month, int(part["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return IMPOSSIBLE
    if not tail["sign"]:
        return _microseconds(moment)
    hours, minutes = int(tail["hours"]), int(tail["minutes"] or 0)
    if hours > 15 or minutes > 59:
        return IMPOSSIBLE
    offset = 60 * (60 * hours + minutes) * 10**6
    return _microseconds(moment) + (offset if tail["sign"] == "-" else -offset)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _of_json(text: str) -> int | float | str:
    try:
        return _of_value(orjson.loads(text), 0)
    except orjson.JSONDecodeError:
        return UNKNOWN


def _of_value(value: Any, depth: int) -> int | float | str:
    """An instant in an object: {"$date": ...}, {"seconds": ..., "nanos": ...} and the like."""
    if isinstance(value, str):
        return read(value) if not value.startswith("{") else UNKNOWN
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, dict) or depth > _DEPTH_MAX:
        return UNKNOWN
    for name in _SECONDS:
        if name in value:
            return _of_parts(value[name], next((value[key] for key in _NANOSECONDS if key in value), 0))
    for name in _WRAPPERS:
        if name in value:
            return _of_value(value[name], depth + 1)
    return UNKNOWN


def _of_parts(seconds: Any, nanoseconds: Any) -> int | str:
    """Seconds and nanoseconds since 1970, as numbers or as the text that JSON has for 64 bits."""
    try:
        whole, rest = int(seconds), int(nanoseconds or 0)
    except (TypeError, ValueError, OverflowError):
        return UNKNOWN
    return whole * 10**6 + rest // 1000
