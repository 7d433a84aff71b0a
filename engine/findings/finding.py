"""A finding: accounts worth a person's time together, from the moment they are joined to the row of a table.

Clustering knows the accounts, how alike they are and their evidence; what their calls and habits say comes next, then
the number that a finding keeps from day to day. A week's findings have no calls and no families.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

Reason = tuple[str, float, float]  # statistic, value, tail probability
_NAN = float("nan")


@dataclass(frozen=True)
class Sign:
    """One sign of coordination: present, absent, or not available (None)."""

    statistic: str
    present: bool | None
    sentence: str  # what was found, or what is missing
    value: float = _NAN
    tail_probability: float = _NAN  # of the value among the reference's accounts


@dataclass(frozen=True)
class Fact:
    """What the data say for one actor behind a finding: from 0, as in honest crowds, to 1; NaN where not known."""

    name: str
    value: float
    sentence: str  # what was measured, or what is missing
    measured: float = _NAN  # the number behind it
    weight: float = _NAN  # what it adds to the log-odds of one hidden actor


@dataclass(frozen=True)
class Finding:
    """Accounts that act as one, and what is said of them."""

    members: np.ndarray  # int64, rows of the population, ascending
    parts: tuple[np.ndarray, ...] = ()  # int64, of its members, those that are alike among themselves; none: all are
    cohesion: float = _NAN  # the union statistic T: mean similarity of two different members, unbiased
    evidence: float = _NAN  # -log10 of a bound on the tail probability; NaN without a reference
    verdict: str = ""  # one of ``verdicts.VERDICTS``
    probability: float = _NAN  # that one hidden actor is behind it: see ``verdicts``
    explanation: str = ""  # the best honest one, of ``verdicts.HONEST``
    facts: tuple[Fact, ...] = ()
    signs: tuple[Sign, ...] = ()
    links: tuple[str, ...] = ()  # what joins its accounts, in words
    calls: int = 0
    families: tuple[int, ...] = ()  # ids, most calls first; allowed ones are left out
    allowed_share: float = _NAN  # of its calls, those in allowed families; NaN where none is allowed
    started_at: int = 0  # microseconds
    ended_at: int = 0
    hourly: tuple[int, ...] = ()  # calls an hour from the hour of started_at
    reasons: tuple[Reason, ...] = ()
    is_relay: bool = False  # its accounts were joined as a relay pool and not as odd ones
    campaign_id: int = 0  # given by ``known``; 0 = by rank
    history: tuple[tuple[date, int, int], ...] = ()  # day, accounts, calls; oldest first, today last
    returning_accounts: int = 0  # of its accounts, those it had on an earlier day
    decision: str = ""  # what a person decided of it, of ``decisions``; empty where nobody did
    decided_on: date | None = None
