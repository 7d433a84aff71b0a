"""When calls happen, in seconds of the day: sessions with heavy-tailed gaps, and the paces of machines."""

from dataclasses import dataclass

import numpy as np

SECONDS_PER_DAY = 86_400.0
_LONGEST_GAP_S = 7_200.0


@dataclass(frozen=True)
class Sessions:
    """Calls in account order: second of the day, session number and whether the call opens its session."""

    second: np.ndarray  # float64
    session: np.ndarray  # int64, 0-based over all accounts
    opens: np.ndarray  # bool


def sessions(
    rng: np.random.Generator,
    volumes: np.ndarray,
    *,
    hour: np.ndarray | float,
    hour_spread: float,
    turns: float,
    gap_s: float,
    gap_spread: float,
) -> Sessions:
    """Spread ``volumes`` calls (int, one entry per account) over sessions of ``turns`` calls on average.

    Sessions begin around the account's ``hour`` (UTC); gaps within one are lognormal around ``gap_s``.
    """
    count = int(volumes.sum())
    account = np.repeat(np.arange(volumes.size), volumes)
    opens = rng.random(count) < 1.0 / turns
    opens[np.cumsum(volumes)[volumes > 0] - volumes[volumes > 0]] = True
    session = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    hours = np.broadcast_to(hour, volumes.shape)[account[first]] + rng.normal(0.0, hour_spread, first.size)
    gap = np.minimum(rng.lognormal(np.log(gap_s), gap_spread, count), _LONGEST_GAP_S)
    gap[first] = 0.0
    elapsed = np.cumsum(gap)
    second = hours[session] * 3600.0 + elapsed - elapsed[first][session]
    return Sessions(second % SECONDS_PER_DAY, session, opens)


def round_the_clock(rng: np.random.Generator, volumes: np.ndarray, jitter: float) -> np.ndarray:
    """Every account's calls evenly over the day, each off by up to half of ``jitter`` steps."""
    account = np.repeat(np.arange(volumes.size), volumes)
    step = SECONDS_PER_DAY / np.maximum(volumes, 1)
    number = np.arange(account.size) - np.repeat(np.cumsum(volumes) - volumes, volumes)
    phase = rng.random(volumes.size) * step
    offset = (rng.random(account.size) - 0.5) * jitter
    return ((number + offset) * step[account] + phase[account]) % SECONDS_PER_DAY


def poisson(rng: np.random.Generator, volumes: np.ndarray) -> np.ndarray:
    """Every call at a time of its own, uniform over the day."""
    return rng.random(int(volumes.sum())) * SECONDS_PER_DAY
