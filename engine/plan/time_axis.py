"""The time axis of a run: around the bulk of its calls. Broken clocks are counted and named, and stretch no chart.

Days with calls fall into stretches, with more than two empty days between them. Those with at least a hundredth of the
calls of the largest are the bulk: the axis goes from the first to the last of them, whether the log is of one day, of a
quarter, or of every Monday. What lies outside is stray.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from gauger.engine.common.settings import HOUR_US
from gauger.engine.plan.finish import Finished
from gauger.engine.segments.segment import Account

_GAP_DAYS = 3  # days that far apart are of two stretches
_SHARE = 100
_HOURS_MAX = 24 * 62  # of the chart


@dataclass(frozen=True)
class TimeAxis:
    """The days of a run's bulk and what lies outside them; days are numbers from 1970-01-01, UTC."""

    first: int
    last: int
    strays: dict[int, int]  # calls of each day outside

    @classmethod
    def of(cls, days: dict[int, int]) -> "TimeAxis":
        """Around the bulk of some calls. days : calls of each day, at least one"""
        order = np.asarray(sorted(days), np.int64)
        calls = np.asarray([days[day] for day in order.tolist()], np.int64)
        stretch = np.cumsum(np.diff(order, prepend=order[0]) >= _GAP_DAYS)
        total = np.bincount(stretch, calls)
        bulk = order[(_SHARE * total >= total.max())[stretch]].tolist()
        outside = {day: days[day] for day in order.tolist() if not bulk[0] <= day <= bulk[-1]}
        return cls(bulk[0], bulk[-1], outside)

    def record(self) -> dict[str, Any] | None:
        """Strays as the manifest shows them; None without any."""
        if not self.strays:
            return None
        return {
            "calls": sum(self.strays.values()),
            "days": len(self.strays),
            "first": _date(min(self.strays)).isoformat(),
            "last": _date(max(self.strays)).isoformat(),
        }

    def warning(self) -> list[str]:
        """A sentence that counts and names the strays, where there are any."""
        found = self.record()
        if found is None:
            return []
        days, calls = _number(found["days"], "day"), _number(found["calls"], "call")
        about = f"{_date(self.first)} to {_date(self.last)}"
        return [
            f"{calls} of {days} between {found['first']} and {found['last']} lie outside {about}, which this log is "
            "about: scored, but in no chart; check the clocks that wrote them"
        ]


def axis_of(account: Account) -> TimeAxis | None:
    """The axis of a run; None without a call."""
    return TimeAxis.of(account.days()) if account.hours else None


def window(account: Account) -> dict[str, str] | None:
    """First and last call of a run; where there are strays, the hours of the first and the last that is none."""
    axis = axis_of(account)
    if axis is None or account.window is None:
        return None
    start, end = account.window
    if axis.strays:
        inside = [hour for hour in account.hours if axis.first <= hour // 24 <= axis.last]
        start, end = min(inside) * HOUR_US, (max(inside) + 1) * HOUR_US
    return {"start": _instant(start), "end": _instant(end)}


def hourly(account: Account, finished: Finished) -> dict[str, Any] | None:
    """Calls of each UTC hour of the axis, of at most 62 days, and those of flagged accounts among them."""
    axis = axis_of(account)
    if axis is None:
        return None
    inside = [hour for hour in account.hours if axis.first <= hour // 24 <= axis.last]
    start = min(inside)
    span = min(max(inside) - start + 1, _HOURS_MAX)
    flagged = np.zeros(span, np.int64)
    if np.any(finished.flagged):
        times = finished.spread.wanted(finished.families).of(np.flatnonzero(finished.flagged)).time
        hours = times // HOUR_US - start
        flagged = np.bincount(hours[(hours >= 0) & (hours < span)], minlength=span)
    return {
        "start": _instant(start * HOUR_US),
        "calls": [account.hours.get(start + hour, 0) for hour in range(span)],
        "flagged_calls": flagged.tolist(),
    }


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _date(day: int) -> date:
    return datetime.fromtimestamp(day * 86_400, UTC).date()


def _instant(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()
