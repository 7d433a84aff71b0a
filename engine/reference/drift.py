"""Drift: is today a day like those of the reference?

The false-positive rate holds for honest accounts that are drawn as the reference's were. Whether they are cannot be
proved, but that they are not can be seen: in what accounts say (their whitened kernel means), in each statistic, in how
many of them are new, and in the calendar. Each number stands beside the same number of the reference's own days held
against one another. Flagged accounts are left out: they are why a day is looked at, not what it is like.

What it does to flags is measured on the accounts that the reference knows. Most are as honest today as they were then,
so where more of them are flagged than should be, either people ask for other things or accounts changed hands.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.findings.clusters import union_statistic
from gauger.engine.reference.directory import Reference
from gauger.engine.reference.held_out import binomial_interval
from gauger.engine.statistics.population import Population

# Beyond a tenth a distribution has shifted, beyond a quarter it is another one: the usual reading of the index.
STABILITY_MAX = 0.1
# Squared distance of mean whitened unit vectors, and chance's share of it times the number of accounts. Honest days of
# one mix lay at -0.0002, because half of their accounts are the same; a weekend at 0.0005 to 0.0007.
CONTENT_MAX, CONTENT_CHANCE = 0.0003, 0.2
_WORSE = 2.0  # times what reference days are from one another
_NEW_MORE = 0.2  # share of accounts
_BINS = 10
# One day in a thousand says by chance that more are flagged than should be. At 95 % two of nine clean days did: honest
# accounts are flagged in groups.
_SURE = 0.998
_NOT_COVERED = "the false-positive rate is not covered"


@dataclass(frozen=True)
class Drift:
    """Today against the reference, and the worst of the reference's days against the others (NaN with one day)."""

    content: tuple[float, float]  # squared distance of the mean whitened vectors, unbiased
    new_accounts: tuple[float, float]  # share
    statistics: dict[str, tuple[float, float]]  # population stability index of each
    same_weekday: bool  # a day of the reference is of today's weekday
    returning: tuple[int, int]  # accounts with evidence that the reference knows, and those of them that are flagged
    sentences: list[str]  # how today is unlike the reference; empty when it is not

    def record(self) -> dict[str, Any]:
        """As the manifest shows it."""

        def pair(values: tuple[float, float]) -> dict[str, float | None]:
            today, before = (None if np.isnan(value) else round(value, 6) for value in values)
            return {"today": today, "reference_days": before}

        return {
            "unlike": self.sentences,
            "content": pair(self.content),
            "new_accounts": pair(self.new_accounts),
            "same_weekday": self.same_weekday,
            "returning_accounts": dict(zip(("weighed", "flagged"), self.returning, strict=True)),
            "statistics": {name: pair(values) for name, values in self.statistics.items()},
        }


def stability_index(values: np.ndarray, null: np.ndarray) -> float:
    """Population stability index over tenths of the null: sum of (p - q) ln(p / q), absent values a bin of their own.

    Half a count is added to every bin. The expectation between two samples of one distribution, which is
    (bins - 1) (1 / n + 1 / m), is taken off. NaN where either side has nothing.
    """
    known = null[~np.isnan(null)]
    if len(known) == 0 or len(values) == 0:
        return float("nan")
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
    counts = []
    for side in (values, null):
        bins = np.where(np.isnan(side), len(edges) + 1, np.searchsorted(edges, side, "right"))
        counts.append(np.bincount(bins, minlength=len(edges) + 2) + 0.5)
    p, q = (count / count.sum() for count in counts)
    chance = (np.sum(counts[1] > 0.5) - 1) * (1 / len(values) + 1 / len(null))
    return float(np.sum((p - q) * np.log(p / q)) - chance)


def mean_distance(left: np.ndarray, right: np.ndarray) -> float:
    """|mean of one law - mean of the other|^2 from rows of each, unbiased; NaN below two rows."""
    if min(len(left), len(right)) < 2:
        return float("nan")
    across = float(left.mean(axis=0, dtype=np.float64) @ right.mean(axis=0, dtype=np.float64))
    return union_statistic(left) + union_statistic(right) - 2.0 * across


def measure_drift(
    day: date, today: Population, reference: Reference, evidence: Evidence, settings: Settings
) -> Drift | None:
    """Hold today's accounts against the reference's; None where the run had no evidence."""
    if not evidence.reference_accounts:
        return None
    with np.errstate(invalid="ignore"):
        calm = np.flatnonzero(evidence.probability >= settings.alarm_level)
    rows = evidence.reference_rows
    old = reference.population
    day_of = old.day_of[rows]
    days = day_of < len(reference.days)  # behind them: accounts of honest findings, which are no day
    numbers = np.unique(day_of[days])
    sides = [(np.flatnonzero(day_of == number), np.flatnonzero(days & (day_of != number))) for number in numbers]
    sides = [pair for pair in sides if len(pair[0]) and len(pair[1])]

    def worst(distance: Any) -> float:
        found = [distance(*pair) for pair in sides]
        return max(found, default=float("nan"))

    vectors = evidence.reference_vectors
    held = np.isin(evidence.vector_rows, calm)  # of a large day those learnt from, a fair sample
    content = (
        mean_distance(evidence.vectors[held], vectors),
        worst(lambda one, others: mean_distance(vectors[one], vectors[others])),
    )
    names = pa.array([old.account_ids[row] for row in rows.tolist()], pa.string()).dictionary_encode()
    seen, name = set(names.dictionary.to_pylist()), names.indices.to_numpy()
    known = np.asarray([account in seen for account in today.account_ids], bool)
    new = float(np.mean(~known[calm])) if len(calm) else float("nan")
    weighed = known & ~np.isnan(evidence.probability)
    returning = int(weighed.sum()), int(np.sum(weighed & (evidence.probability < settings.alarm_level)))
    new_before = worst(lambda one, others: float(np.mean(~np.isin(name[one], name[others]))))
    statistics = {}
    for name, values in today.statistics.items():
        if name in old.statistics:
            null = old.statistics[name][rows]
            if np.isnan(null[days]).all():  # no day says it, only honest findings
                null = null[days]
            before = worst(lambda one, others, null=null: stability_index(null[one], null[others]))
            statistics[name] = (stability_index(values[calm], null), before)
    same = any(date.fromisoformat(old_day).weekday() == day.weekday() for old_day in reference.days)
    return Drift(
        content,
        (new, new_before),
        statistics,
        same,
        returning,
        [
            *_of_returning(*returning, settings.alarm_level),
            *_sentences(content, (new, new_before), statistics, int(held.sum())),
        ],
    )


def _of_returning(accounts: int, flagged: int, alarm_level: float) -> list[str]:
    if not binomial_interval(flagged, accounts, _SURE)[0] > alarm_level:
        return []
    low, high = binomial_interval(flagged, accounts)
    rate = f"{flagged / accounts:.2%} ({low:.2%} to {high:.2%} with 95 % confidence)"
    return [
        f"{flagged:,} of {accounts:,} accounts that the reference knows are flagged, {rate} where {alarm_level:.2%} "
        "were to be expected: users ask for other things today, or accounts changed hands; a flag alone proves little"
    ]


def _sentences(
    content: tuple[float, float], new: tuple[float, float], statistics: dict[str, tuple[float, float]], accounts: int
) -> list[str]:
    found = []
    if content[0] > max(CONTENT_MAX, CONTENT_CHANCE / max(1, accounts), _WORSE * np.nan_to_num(content[1])):
        found.append(
            f"today's accounts speak unlike the reference's: {content[0]:.4f} apart"
            f"{_beside(content[1], '.4f', 0.0001)}; {_NOT_COVERED}"
        )
    if not np.isnan(new[1]) and new[0] > new[1] + _NEW_MORE:
        found.append(f"{new[0]:.0%} of today's accounts are new{_beside(new[1], '.0%')}; {_NOT_COVERED}")
    shifted = [
        (index, name, before)
        for name, (index, before) in statistics.items()
        if index > max(STABILITY_MAX, _WORSE * np.nan_to_num(before))
    ]
    for index, name, before in sorted(shifted, reverse=True)[:3]:
        found.append(f"{name} has shifted: stability index {index:.2f}{_beside(before, '.2f', 0.01)}; {_NOT_COVERED}")
    return found


def _beside(before: float, form: str, least: float = 0.0) -> str:
    """least : the smallest bound that the form can show; an estimate of no distance may come out below zero"""
    return "" if np.isnan(before) else f", days of the reference at most {max(before, least):{form}}"
