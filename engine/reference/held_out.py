"""The false-positive rate, measured: a clean day that is reference by now, held out and weighed like a day of today's.

Every sixth day or so the newest reference day is weighed once against days older than itself, by the code that weighs
today, and what it said is kept in the state directory and added to that of other days. The rate belongs to the code and
the traffic and changes slowly; a second run of the evidence every day would cost a small day half its time again. Both
sides are bounded, so that a check costs the same however large the days are.

Accounts that were flagged when their day was scored are no reference. Those among them that were part of no finding
take part here nevertheless: left out, the rate would be too low by construction. Those of findings are not known to be
honest. What other providers found is weighed here as in the run that measures.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.errors import DamagedError, StateLockedError
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import gather
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.reference.commits import DAYS
from gauger.engine.reference.directory import HeldLevel, Kept, StateDirectory
from gauger.engine.reference.keeping import bounded
from gauger.engine.reference.kept_days import DAY_BYTES, LONE, REFERENCE
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population

# Accounts weighed and accounts they are weighed against: two to three seconds of one core.
HELD_OUT_MAX, AGAINST_MAX = 2_000, 6_000
_EVERY_DAYS = 6  # not seven: checks come round all weekdays
_POOLED_DAYS = 28  # checks of so many days before today are added up
_CONFIDENCE = 0.95
_LEAST = 200  # of a day's tail probabilities are noted: with ten times too many flagged, a fifth of them is used


@dataclass(frozen=True)
class FalsePositives:
    """What was measured on the held-out days a run can look back on."""

    expected: float  # the alarm level
    accounts: int  # weighed
    flagged: int
    held_out: list[str]  # days
    reason: str | None  # why nothing was measured

    def record(self) -> dict[str, Any]:
        """As the manifest shows it; ``low`` and ``high`` are the exact binomial interval of 95 %."""
        low, high = binomial_interval(self.flagged, self.accounts)
        known = self.reason is None
        return {
            "expected": self.expected,
            "measured": self.flagged / self.accounts if known else None,
            "low": low if known else None,
            "high": high if known else None,
            "accounts": self.accounts,
            "flagged": self.flagged,
            "held_out": self.held_out,
            "reason": self.reason,
        }


def binomial_interval(successes: int, trials: int, confidence: float = _CONFIDENCE) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of a share (Biometrika 1934); (0, 1) without a trial."""
    from scipy.special import betaincinv  # as every SciPy module: not needed by a process that only observes

    tail = (1.0 - confidence) / 2.0
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes >= trials else float(betaincinv(successes + 1, trials - successes, 1.0 - tail))
    return low, high


@dataclass(frozen=True)
class Ahead:
    """A check that was measured before its turn."""

    asked: list[list[str]]  # of what days, and what was in them
    found: dict[str, Any] | None


def measure_ahead(directory: StateDirectory, today: date, settings: Settings) -> Ahead | None:
    """What ``false_positives`` would measure now, if that is due: a run does so while its tables are written."""

    def ask(kept: Kept) -> Ahead | None:
        days = _due(kept, today, settings)
        shared = directory.shared
        return Ahead(_asked(kept, days, settings, shared), _measure(kept, days, settings, shared)) if days else None

    return directory.read(ask)


def false_positives(
    directory: StateDirectory | None, today: date, settings: Settings, ahead: Ahead | None = None
) -> FalsePositives:
    """Measure today's newest reference day if that is due; add up the checks of the days before today.

    What was measured is noted, unless another process is writing: then it is measured again another time.
    ahead : what was measured before the run was kept; it counts where it is of the same days
    """

    def nothing(reason: str) -> FalsePositives:
        return FalsePositives(settings.alarm_level, 0, 0, [], reason)

    if directory is None:
        return nothing("no state directory, hence no clean day to measure on")
    if not directory.reference_days(today, settings):
        return nothing("no reference day yet")
    checks, measured = directory.read(lambda kept: _checks(kept, today, settings, directory.shared, ahead))
    if measured is not None:
        with suppress(StateLockedError), directory.writing() as writing:
            writing.save_check(measured, checks[measured])
    recent = _recent(checks, today, settings)
    accounts, flagged = _sums(recent)
    if not accounts:
        return nothing(
            f"no reference day has {settings.reference_accounts_min:,} accounts of other days to be weighed against"
        )
    return FalsePositives(settings.alarm_level, accounts, flagged, [day.isoformat() for day in recent], None)


def level_that_holds(directory: StateDirectory, today: date, settings: Settings) -> HeldLevel | None:
    """The alarm level that flags as few of the clean days held out so far as the one asked for should.

    None where the one asked for does: where the lower end of the interval of the measured rate is not above it.
    """
    checks = directory.read(lambda kept: _recent(_known(kept), today, settings))
    accounts, flagged = _sums(checks)
    low, high = binomial_interval(flagged, accounts)
    least = sorted(value for found in checks.values() for value in found.get("least", []))
    allowed = int(settings.alarm_level * accounts)
    # Checks of earlier versions noted no probabilities: where some did not, what the others noted may not reach so low.
    if low <= settings.alarm_level or len(least) <= allowed or least[allowed] >= settings.alarm_level:
        return None
    level = least[allowed]  # as many lie below it
    sentence = (
        f"{flagged / accounts:.2%} of {accounts:,} accounts of clean days held out were flagged at "
        f"{settings.alarm_level:g} ({low:.2%} to {high:.2%} with 95 % confidence): today's are flagged below "
        f"{level:.2g}, which holds there"
    )
    return HeldLevel(level, sentence)


def _recent(known: dict[date, dict[str, Any]], today: date, settings: Settings) -> dict[date, dict[str, Any]]:
    """Checks of the days that a run can look back on, by date."""
    first = today - timedelta(days=_POOLED_DAYS)
    return {
        day: found
        for day, found in sorted(known.items())
        if first <= day < today and found["alarm_level"] == settings.alarm_level
    }


def _sums(checks: dict[date, dict[str, Any]]) -> tuple[int, int]:
    """Accounts weighed and flagged in all of them."""
    accounts, flagged = (sum(int(found[name]) for found in checks.values()) for name in ("accounts", "flagged"))
    return accounts, flagged


def _known(kept: Kept) -> dict[date, dict[str, Any]]:
    """What was noted of held-out days."""
    known = {}
    for day in kept.days():
        with suppress(DamagedError):  # then the day may be measured again
            if (note := kept.check(day)) is not None:
                known[day] = note
    return known


def _due(kept: Kept, today: date, settings: Settings) -> list[date]:
    """The reference days of today where the last of them is to be held out, else none."""
    known, (days, _) = _known(kept), kept.whole_days(today, settings)
    return [] if days and any(days[-1] - timedelta(days=age) in known for age in range(_EVERY_DAYS)) else days


def _asked(kept: Kept, days: list[date], settings: Settings, shared: Sequence[SharedFinding]) -> list[list[str]]:
    """All that ``_measure`` depends on."""
    groups = (days, kept.whole_days(days[-1], settings)[0])
    named = [[f"{day} {kept.commit.parts[f'{DAYS}/{day}'].digest}" for day in group] for group in groups]
    return [*named, [finding.name for finding in shared]]


def _checks(
    kept: Kept, today: date, settings: Settings, shared: Sequence[SharedFinding], ahead: Ahead | None
) -> tuple[dict[date, dict[str, Any]], date | None]:
    """What is known of the held-out days, and which of them was measured just now."""
    known, days = _known(kept), _due(kept, today, settings)
    if not days:
        return known, None
    fits = ahead is not None and ahead.asked == _asked(kept, days, settings, shared)
    found = ahead.found if ahead is not None and fits else _measure(kept, days, settings, shared)
    return (known, None) if found is None else ({**known, days[-1]: found}, days[-1])


def _measure(
    kept: Kept, days: list[date], settings: Settings, shared: Sequence[SharedFinding]
) -> dict[str, Any] | None:
    """Weigh the last of some reference days against its own reference, or else against the other days."""
    held_out, others = days[-1], days[:-1]
    lagged, _ = kept.whole_days(held_out, settings)
    for against in (lagged, others):
        reference = _sample(kept, against, AGAINST_MAX, lone=False)
        if reference is not None and len(reference) >= settings.reference_accounts_min:
            break
    else:
        return None  # tried again when there are more days
    today = _sample(kept, [held_out], HELD_OUT_MAX, lone=True)
    if today is None:
        return None
    found = gather(today, reference, kept.secret.key, settings, shared)
    weighed = ~np.isnan(found.probability)
    return {
        "accounts": int(weighed.sum()),
        "flagged": int(np.sum(found.probability[weighed] < settings.alarm_level)),
        "alarm_level": settings.alarm_level,
        # The oddest accounts, for a level that holds where this one does not.
        "least": np.sort(found.probability[weighed])[:_LEAST].tolist(),
        "against": [day.isoformat() for day in against],
        "against_accounts": found.reference_accounts,
        **({"signatures": [finding.name for finding in shared]} if shared else {}),
    }


def _sample(kept: Kept, days: list[date], most: int, *, lone: bool) -> Population | None:
    """At most so many accounts of some days, by keyed choice."""
    if not days:
        return None

    def chosen(day: date) -> Population:
        parts = [kept.part(day, REFERENCE), kept.part(day, LONE) if lone else None]
        population = concatenate([part for part in parts if part is not None])
        return bounded(population, most // len(days), kept.secret)

    return concatenate(threads.each(chosen, days, DAY_BYTES))
