"""What is kept of a day: at most so many of its accounts, as later days are compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.statistics.people import People, background_of_people
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import own_background

_OF_FINDING_MAX = 500  # accounts of one finding that are kept, 26 kB each
_FOUND_MAX = 10_000  # of all of a day's, the smallest findings being left out


@dataclass(frozen=True)
class KeptDay:
    """The parts of a day that are kept (``kept_days`` says what each is for)."""

    reference: Population  # with the background of all accounts it was chosen from
    thin: Population
    lone: Population
    found: Population  # part of a finding
    finding: np.ndarray  # int64[found], the number of each one's finding


def spread_out(count: int, most: int, secret: Secret) -> np.ndarray:
    """At most ``most`` of so many rows, by a key-seeded choice; int64, ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(secret.key).choice(count, most, replace=False))


def bounded(population: Population, most: int, secret: Secret) -> Population:
    """At most ``most`` accounts, spread over the id order by a key-seeded choice."""
    if len(population) <= most:
        return population
    kept = np.zeros(len(population), bool)
    kept[spread_out(len(population), most, secret)] = True
    chosen = population.select(kept)
    # Features are copied, or those of everybody would stay in memory beside them.
    return chosen.with_features(chosen.sample_features[chosen.sample_row])


def least(account_ids: list[str], rows: np.ndarray, most: int, secret: Secret) -> np.ndarray:
    """Those of some rows, int64, whose ids have the smallest keyed hashes: the same accounts on every day."""
    if len(rows) <= most:
        return rows
    hashes = hash_column(secret.key, pa.array([account_ids[row] for row in rows.tolist()], pa.string()))
    return np.sort(rows[np.argsort(hashes, kind="stable")[:most]])


def kept_day(
    people: People, statistics: Mapping[str, np.ndarray], flagged: np.ndarray, lone: np.ndarray, finding: np.ndarray,
    settings: Settings, secret: Secret,
) -> KeptDay:  # fmt: skip
    """Choose what is kept.

    statistics : float64[n] each, of all accounts; flagged : bool[n], left out
    lone : bool[n], flagged accounts that are part of no finding; never reference, kept for measuring false positives
    finding : int64[n], number of each one's finding, 0 = none; reference where a person decides that it is honest
    """
    most, enough = settings.reference_accounts_max, people.calls >= settings.calls_min
    clean = np.flatnonzero(enough & ~flagged)
    # More than one run can use are not worth their place on disk.
    reference = clean[spread_out(len(clean), most, secret)]
    thin = least(people.account_ids, np.flatnonzero(~enough & ~flagged), most, secret)

    def taken(rows: np.ndarray) -> Population:
        return replace(people.gather(rows), statistics={name: values[rows] for name, values in statistics.items()})

    background = people.totals.background
    out = np.flatnonzero(enough & flagged)
    if len(out):
        background = background.minus(background_of_people(people.gather(out), secret.key, settings.calls_min))
    kept = taken(reference)
    background = own_background(background, kept, secret.key)
    found = _of_findings(people, finding, secret)
    return KeptDay(
        replace(kept, background=background), taken(thin), taken(np.flatnonzero(lone)), taken(found), finding[found]
    )


def _of_findings(people: People, finding: np.ndarray, secret: Secret) -> np.ndarray:
    """Accounts of findings to keep, int64, ascending: so many of each, the largest findings first."""
    numbers, sizes = np.unique(finding[finding > 0], return_counts=True)
    kept = [np.zeros(0, np.int64)]
    for number in numbers[np.argsort(-sizes, kind="stable")][: _FOUND_MAX // _OF_FINDING_MAX]:
        kept.append(least(people.account_ids, np.flatnonzero(finding == number), _OF_FINDING_MAX, secret))
    return np.sort(np.concatenate(kept))
