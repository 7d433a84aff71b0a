"""Numbers, times and foreign strings as a person reads them, alike in the report and on the terminal."""

import datetime as dt
import math

NOT_AVAILABLE = "–"
_LONGEST_IDENTIFIER = 64
_SHARE_MIN = 1e-5  # a smaller share is only said to be smaller: its digits would be zeros
_SHARE_NEAR = 5e-4  # of one: nearer shares would round to all
_BILLION_EVIDENCE = 9.0  # past this a tail probability says "never", and its digits say nothing


def visible(text: str) -> str:
    r"""Return ``text`` with every unprintable character written out, as ``\x1b`` or ``\u202e``.

    Covers control characters, terminal escapes, line breaks, bidi overrides, zero-width and unassigned code
    points: what a hostile account name needs to forge a log line or to reorder the words around it.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, limit: int = _LONGEST_IDENTIFIER) -> str:
    """Return ``visible(text)``, at most about ``limit`` characters of it, saying how many were left out."""
    if len(text) <= limit:
        return visible(text)
    head = limit * 2 // 3
    tail = limit - head
    return f"{visible(text[:head])}…[{len(text) - limit:,} more]…{visible(text[-tail:])}"


def cell(text: str | None, limit: int = _LONGEST_IDENTIFIER) -> str:
    """Return ``shorten(text)`` for a table cell that somebody will paste into a spreadsheet.

    A leading ``=``, ``+``, ``-`` or ``@`` would become a formula there; an apostrophe makes it text.
    """
    if text is None:
        return NOT_AVAILABLE
    shown = shorten(text, limit)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) else shown


def count(number: float | None) -> str:
    """Return a whole number with thousands separators, ``1,234``."""
    return NOT_AVAILABLE if number is None else f"{number:,.0f}"


def plural(number: int, noun: str) -> str:
    """Return ``1 account`` or ``2,000 accounts``; family becomes families, day days, address addresses."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith('s') else 's'}"


def value(number: float | None) -> str:
    """Return a statistic's value: three significant digits, exponents only for extremes. Zero has no sign."""
    if number is None or math.isnan(number):
        return NOT_AVAILABLE
    if math.isinf(number):
        return "infinite" if number > 0 else "minus infinite"
    size = abs(number)
    if size >= 1e12 or 0 < size < 1e-6:
        return f"{number:.2e}"
    if 0 < size < 1e-3:  # where "g" would change to exponents
        return f"{number:.{2 - math.floor(math.log10(size))}f}"
    return f"{number:,.0f}" if size >= 999.5 else f"{number + 0.0:.3g}"


def percent(share: float | None) -> str:
    """Return a share of one as percent: two significant digits below one percent, and never 0 or 100 % for nearly."""
    if share is None or math.isnan(share):
        return NOT_AVAILABLE
    if 0 < share < _SHARE_MIN:
        return f"less than {100 * _SHARE_MIN:g} %"
    if 0 < share < 0.01:
        return f"{100 * share:.2g} %"
    if 1 - _SHARE_NEAR <= share < 1:
        return "more than 99.9 %"
    return f"{100 * share + 0.0:.1f} %".replace(".0 %", " %")


def evidence(number: float | None) -> str:
    """Return evidence (-log10 of a tail probability) with one decimal."""
    return NOT_AVAILABLE if number is None or math.isnan(number) else f"{round(number, 1) + 0.0:,.1f}"


def evidence_odds(number: float | None) -> str:
    """Return evidence as odds: 3.5 is ``1 in 3,200``."""
    if number is None or math.isnan(number):
        return "not available"
    if number >= _BILLION_EVIDENCE:
        return "fewer than 1 in a billion"
    if number < math.log10(2):
        return "nothing unusual"
    odds = 10.0**number
    digits = 1 - math.floor(math.log10(odds))  # two significant digits: no tail is known better than that
    rounded = round(odds, digits)
    return f"1 in {rounded:,.0f}" if rounded >= 10 else f"1 in {rounded:.2g}"


def tail_odds(probability: float | None) -> str:
    """Return a tail probability as odds: 0.0003125 is ``1 in 3,200``."""
    if probability is None or math.isnan(probability):
        return "not calibrated"
    return evidence_odds(-math.log10(probability) if probability > 0 else math.inf)


def when(time: dt.datetime | None) -> str:
    """Return a UTC time to the minute, ``2026-11-20 14:05``."""
    return NOT_AVAILABLE if time is None else time.strftime("%Y-%m-%d %H:%M")


def moment(text: str) -> str:
    """Return an ISO time as ``when`` does; text that is no ISO time as it is, shortened."""
    try:
        return when(dt.datetime.fromisoformat(text))
    except ValueError:
        return shorten(text)


def mebibytes(size: float | None) -> str:
    """Return a size in bytes as MiB, a small one as it is."""
    if size is None:
        return NOT_AVAILABLE
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 / 10 else f"{size:,.0f} bytes"
