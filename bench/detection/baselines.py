"""What else could score accounts, on the same days: rules and tests of the field, each as its authors or users mean it.

Each gives every account a score, higher = more suspect, from the calls of that account alone: the day's other accounts
do not matter. ``bench.detection.rivals`` has those that look at many accounts together.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import shapiro

from bench.detection.population import Seen
from gauger.engine.common.vectors import unit
from gauger.engine.statistics.population import Population

_PRINCIPAL = 32  # directions of greatest variance between honest accounts that the isolation forest sees
_TREES = 200


def calls_per_account(seen: Seen) -> np.ndarray:
    """How many calls the account made."""
    return seen.population.calls.astype(np.float64)


def hourly_tokens(seen: Seen) -> np.ndarray:
    """Elastic's token rule: the most tokens, in and out, that the account used in an hour of the clock.

    Elastic's rules for hosted models alert on usage of one account above a number set by hand; here the threshold is
    the exact quantile of the day's honest accounts, which is kinder than any number set beforehand.
    """
    hours = pc.floor_temporal(seen.calls["start_time"], unit="hour").cast(pa.int64())
    keys = pa.table({"account": seen.calls["account"], "hour": hours, "tokens": seen.calls["tokens"]})
    sums = keys.group_by(["account", "hour"]).aggregate([("tokens", "sum")])
    most = np.zeros(len(seen))
    np.maximum.at(most, sums["account"].to_numpy(), sums["tokens_sum"].to_numpy().astype(np.float64))
    return most


def prada(seen: Seen) -> np.ndarray:
    """PRADA (Juuti et al., EuroS&P 2019): how far nearest-neighbour distances are from normal, 1 - Shapiro-Wilk's W.

    Distances are of each sampled call (at most 40) to the account's nearest other call, among unit feature vectors;
    those beyond three standard deviations are left out, as in the paper. Without classes of a model under attack there
    is one set of distances an account.
    """
    population = seen.population
    starts = np.searchsorted(population.sample_owner, np.arange(len(seen) + 1))
    scores = np.zeros(len(seen))
    for account in range(len(seen)):
        rows = population.sample_row[starts[account] : starts[account + 1]]
        scores[account] = 1.0 - normality(unit(population.sample_features[rows]))
    return scores


def normality(vectors: np.ndarray) -> float:
    """Shapiro-Wilk's W of nearest-neighbour distances of unit vectors; 1 where there are too few or all are equal."""
    if len(vectors) < 4:
        return 1.0
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    distances = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * similarity.max(axis=1).astype(np.float64)))
    kept = distances[np.abs(distances - distances.mean()) <= 3.0 * distances.std()]
    if len(kept) < 4 or np.ptp(kept) < 1e-6:
        return 1.0
    return float(shapiro(kept).statistic)


def mean_discrepancy(seen: Seen, reference: Population) -> np.ndarray:
    """Two-sample test of an account's calls against the reference's: maximum mean discrepancy (Gretton, JMLR 2012).

    The product's 656 random features give the kernel, so a mean of features is a kernel mean. The unbiased estimate
    |m|^2 - 2 <m, r> + |r|^2, without the account's pairs of a call with itself, is divided by its deviation under the
    null, which goes with 1 / sqrt(n (n - 1)).
    """
    today, calls = seen.population, seen.population.calls.astype(np.float64)
    sums, norm = _scaled(today), _square_per_call(today)
    expected = (_scaled(reference) / reference.calls[:, None]).mean(axis=0)
    own = np.einsum("ij,ij->i", sums, sums)
    pairs = (own - calls * norm) / np.maximum(1.0, calls * (calls - 1.0))
    discrepancy = pairs - 2.0 * (sums @ expected) / calls + expected @ expected
    return discrepancy * np.sqrt(calls * np.maximum(0.0, calls - 1.0))


def _scaled(population: Population) -> np.ndarray:
    """Sums of features, float64, of calls whose features have a norm of about one."""
    return population.sums.astype(np.float64) / 127.0


def _square_per_call(population: Population) -> np.ndarray:
    """Mean squared norm of a call's features, from ``within_similarity``, which was made of it."""
    calls = population.calls.astype(np.float64)
    sums = _scaled(population)
    own = np.einsum("ij,ij->i", sums, sums)
    similarity = np.nan_to_num(population.statistics["within_similarity"])
    return own / np.maximum(1e-9, 1.0 + similarity * (calls - 1.0)) / np.maximum(1.0, calls)


class Isolation:
    """Isolation forest (Liu et al., ICDM 2008) over statistics and principal features, grown on the reference."""

    def __init__(self, reference: Population) -> None:
        from sklearn.ensemble import IsolationForest

        self._table = AccountTable(reference)
        self._forest = IsolationForest(n_estimators=_TREES, random_state=0).fit(self._table.rows(reference))

    def scores(self, seen: Seen) -> np.ndarray:
        """How quickly an account is isolated."""
        return -np.asarray(self._forest.score_samples(self._table.rows(seen.population)))


class AccountTable:
    """Statistics and principal features of accounts as rows of numbers, scaled by the reference."""

    def __init__(self, reference: Population) -> None:
        self.names = sorted(name for name, values in reference.statistics.items() if np.mean(np.isnan(values)) < 0.9)
        values = self._statistics(reference)
        self._middle = np.nanmedian(values, axis=0)
        self._deviation = np.maximum(np.nanstd(values, axis=0), 1e-9)
        means = unit(reference.sums)
        self._centre = means.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov((means - self._centre).T))
        self._directions = directions[:, -_PRINCIPAL:]

    def _statistics(self, population: Population) -> np.ndarray:
        missing = np.full(len(population), np.nan)
        return np.column_stack([population.statistics.get(name, missing) for name in self.names])

    def scaled_statistics(self, population: Population) -> np.ndarray:
        """float64[n, statistics], what is not known replaced by the reference's median."""
        values = self._statistics(population)
        values = np.where(np.isnan(values), self._middle, values)
        return (values - self._middle) / self._deviation

    def rows(self, population: Population) -> np.ndarray:
        """float64[n, statistics + principal features]."""
        principal = (unit(population.sums) - self._centre) @ self._directions
        return np.column_stack([self.scaled_statistics(population), principal])
