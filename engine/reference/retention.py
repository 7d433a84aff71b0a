"""Which days are kept: those a run is about, for as long as anything can be compared with them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

_SHARE = 100  # a run is about the days that hold at least one call in so many
_SHOWN = 5  # days named in a sentence


def tomorrow() -> date:
    """The last day that calls may be of by the clock of this machine, give or take a time zone."""
    return datetime.now(UTC).date() + timedelta(days=1)


def substantial(calls: np.ndarray) -> np.ndarray:
    """Which days a run is about, by their calls: the others are strays. int64[d] to bool[d].

    Where so many days are in a run that none holds enough, it is about those with the most.
    """
    return np.asarray(calls * _SHARE >= min(int(calls.sum()), _SHARE * int(calls.max(initial=0))))


def newest(days: Iterable[date]) -> date | None:
    """The newest day that is not in the future: a stray clock must not move what a week is, nor what is too old."""
    return max((day for day in days if day <= tomorrow()), default=None)


def expired(days: Sequence[date], retention_days: int) -> list[date]:
    """Days that are that much older than the newest."""
    last = newest(days)
    return [] if last is None else [day for day in days if day < last - timedelta(days=retention_days)]


def days_to_keep(
    calls: Mapping[date, int], kept: Sequence[date], fixed: Sequence[date], retention_days: int
) -> tuple[list[date], list[str]]:
    """Which days of a run to keep, and a sentence for each reason why others are not.

    calls : of each day of the run; kept : the days that are kept already; fixed : those that may not be replaced
    """
    days = sorted(calls)
    enough = substantial(np.asarray([calls[day] for day in days], np.int64)).tolist()
    about = [day for day, is_enough in zip(days, enough, strict=True) if is_enough]
    latest, old = tomorrow(), set(expired([*kept, *about], retention_days))
    reasons = {
        "not kept, less than one call in a hundred is of these days": set(days) - set(about),
        "not kept, these days are in the future by the clock of this machine": {day for day in about if day > latest},
        f"not kept, these days are more than {retention_days} days older than the newest": old & set(about),
    }
    already = set(about) & set(fixed) - set().union(*reasons.values())
    reasons["kept already and left as they were, --replace-day would replace them"] = already
    sentences = [f"{reason}: {_named(sorted(found), calls)}" for reason, found in reasons.items() if found]
    return [day for day in about if not any(day in found for found in reasons.values())], sentences


def _named(days: Sequence[date], calls: Mapping[date, int]) -> str:
    shown = [f"{day} ({calls[day]:,} call{'' if calls[day] == 1 else 's'})" for day in days[:_SHOWN]]
    more = days[_SHOWN:]
    total = sum(calls[day] for day in more)
    return ", ".join([*shown, *([f"{len(more):,} days more ({total:,} calls)"] if more else [])])
