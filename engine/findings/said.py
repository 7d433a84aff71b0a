"""What accounts of findings said: the sampled calls that facts are taken from, with how odd each is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.common.vectors import Features, unit
from gauger.engine.statistics.people import People
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

ODD = 0.01  # tail probability of a call from which on it is odd
ACCOUNTS_MAX = 2_000  # of a finding are looked at, evenly spread over their ids: more tell no more
_BLOCK = 4_096  # calls scaled at a time


@dataclass(frozen=True)
class Said:
    """Sampled calls of some accounts."""

    accounts: np.ndarray  # int64[n], rows of the run's population, ascending
    owner: np.ndarray  # int64[m], place of each call's account among them, ascending
    features: Features  # int8[>= m, FEATURES], wherever they lie
    row: np.ndarray  # int64[m], row of each call's features
    probability: np.ndarray  # float64[m], tail probability of each call; NaN where it is not known
    senders: np.ndarray  # int32[m], of ``shared_text.Senders.of``; 0 = not known

    def of(self, accounts: np.ndarray) -> Said:
        """The calls of some of them, int64, ascending."""
        place = np.full(len(self.accounts), -1)
        kept = np.isin(self.accounts, accounts)
        place[kept] = np.arange(int(kept.sum()))
        return replace(self, accounts=self.accounts[kept], owner=place[self.owner]).where(place[self.owner] >= 0)

    def where(self, kept: np.ndarray) -> Said:
        """The calls of a boolean mask."""
        names = ("owner", "row", "probability", "senders")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    @property
    def odd(self) -> np.ndarray:
        """bool[m], calls that hardly any of the reference's is as odd as; all where nothing is known of that."""
        known = ~np.isnan(self.probability)
        return self.probability <= ODD if known.any() else np.ones(len(self.owner), bool)


def looked_at(accounts: np.ndarray) -> np.ndarray:
    """At most ``ACCOUNTS_MAX`` of some accounts, int64, ascending."""
    return accounts[:: max(1, -(-len(accounts) // ACCOUNTS_MAX))]


def said_by(people: People, accounts: np.ndarray, probability: list[np.ndarray]) -> Said:
    """What some accounts said.

    accounts : int64, ascending
    probability : float64 of each sampled call of each unit; empty without evidence
    """
    found = people.gather(accounts)
    told = np.full(len(found.sample_owner), np.nan)
    if probability:
        parts, owners = [], []
        for number, of_unit in enumerate(probability):
            rows = people.rows(number)
            wanted = np.isin(rows, accounts)
            if not wanted.any():
                continue
            owner, _ = people.sampled_of(number)
            kept = wanted[owner]
            parts.append(of_unit[kept])
            owners.append(rows[owner[kept]])
        told = np.concatenate(parts)[np.argsort(np.concatenate(owners), kind="stable")]
    return replace(said_of(found), accounts=accounts, probability=told)


def alikeness_among(population: Population) -> Alike:
    """Among accounts of a population, of at most ``ACCOUNTS_MAX`` of them."""
    chosen = np.zeros(len(population), bool)
    chosen[looked_at(np.arange(len(population)))] = True
    return _alikeness_of(population.select(chosen))


def usual_alikeness(people: People, members: np.ndarray) -> Alike:
    """Among accounts of today's, of at most ``ACCOUNTS_MAX``, without some, int64."""
    others = np.setdiff1d(np.arange(len(people.calls)), members)
    return _alikeness_of(people.gather(looked_at(others))) if len(others) else Alike(float("nan"), float("nan"))


def _alikeness_of(population: Population) -> Alike:
    said = said_of(population)
    return alikeness(said.where(said.senders >= 0))


def said_of(population: Population) -> Said:
    """The sampled calls of a population, of which nothing is known."""
    number = len(population.sample_owner)
    senders = population.sample_senders
    return Said(
        np.arange(len(population)),
        population.sample_owner,
        population.sample_features,
        population.sample_row,
        np.full(number, np.nan),
        np.zeros(number, np.int32) if senders is None else senders,
    )


@dataclass(frozen=True)
class Alike:
    """How much more calls of one account are alike than calls of different ones, as a share of all variance."""

    share: float  # intraclass correlation; 0 where calls could have been dealt to the accounts at random
    error: float  # its standard error


def alikeness(said: Said) -> Alike:
    """Intraclass correlation of unit feature vectors by account, and its standard error.

    Of centred vectors the mean inner product of two calls of one account, less that of two calls of different
    accounts, over the mean squared norm: the pairwise estimator (Karlin, Cameron and Williams, PNAS 1981) of Fisher's
    correlation (Statistical Methods for Research Workers, 1925, chapter 7). The error is the jackknife's, an account
    left out at a time. NaN below three accounts with two calls.
    """
    owner, accounts = said.owner, len(said.accounts)
    number = np.bincount(owner, minlength=accounts).astype(np.float64)
    if (number >= 2).sum() < 3:
        return Alike(float("nan"), float("nan"))
    sums = np.zeros((accounts, FEATURES))
    ends = np.searchsorted(owner, np.arange(accounts + 1))
    for first in range(0, len(owner), _BLOCK):
        last = min(first + _BLOCK, len(owner))
        scaled = unit(said.features[said.row[first:last]]).astype(np.float64)
        starts = np.clip(ends, first, last)
        inside = np.flatnonzero(starts[1:] > starts[:-1])
        sums[inside] += np.add.reduceat(scaled, starts[inside] - first)
    mean = sums.sum(axis=0) / number.sum()
    own = number - 2.0 * (sums @ mean) + number * (mean @ mean)  # squared norms of each account's centred calls
    sums -= number[:, None] * mean
    squared = np.einsum("ij,ij->i", sums, sums)
    within, pairs = squared - own, number * (number - 1.0)
    across, others = squared.sum(), number.sum() ** 2 - (number**2).sum()
    variance = own.sum() / number.sum()

    def share(within: np.ndarray, pairs: np.ndarray, across: np.ndarray, others: np.ndarray) -> np.ndarray:
        return (within / np.maximum(pairs, 1.0) + across / np.maximum(others, 1.0)) / max(variance, 1e-12)

    whole = share(within.sum(), pairs.sum(), across, others)
    rest = number.sum() - number
    without = share(
        within.sum() - within,
        pairs.sum() - pairs,
        across - squared - squared,  # the others' sums add up to minus the one left out
        rest**2 - ((number**2).sum() - number**2),
    )
    there = number > 0
    error = np.sqrt((there.sum() - 1) / there.sum() * np.sum((without[there] - without[there].mean()) ** 2))
    return Alike(float(whole), float(error))
