"""Relay pools: a few accounts that carry the calls of many people, whoever calls next served by the next account.

Each of them says what a crowd says, and no two of them differ by more than chance: the calls of all were dealt to them
in turn. People differ from one another, however much each talks about; the keys of one app say the app's few things.
That is sharing of accounts and no attack. It is found without being odd, as it is among those who are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gauger.engine.common.unions import components
from gauger.engine.findings.finding import Sign
from gauger.engine.findings.said import looked_at
from gauger.engine.statistics.people import People
from gauger.engine.statistics.shared_text import SHARED_ACCOUNTS_MIN

DEALT_IN_TURN = "dealt_in_turn"
CALLS_MIN = 300  # of an account: of fewer it cannot be told
ACCOUNTS_MIN = 3  # in a pool
_HEAVY_MAX = 1_000  # accounts that are compared, those of most calls
_CROWD_CALLS_MIN, _CROWD_MIN = 20, 30  # calls of an account, and accounts, by which it is known what is usual
_HANDS = 0.5  # of what calls of one account usually have in common, at most: else it may be one hand
_APART = 0.03  # of what usually sets two accounts apart, at most, at the upper end of 95 %
# Of an account's calls those whose text others sent too, at most. People who draw on one stock of texts, a public
# collection say, are as exchangeable, and show it by that.
_SHARED = 0.2
_ERRORS = 1.64
# Directions in which what is said varies, effectively, taken low: fewer make a larger error.
_DIRECTIONS = 20


@dataclass(frozen=True)
class _Usual:
    """What calls are like on the day, from accounts of every kind."""

    spread: float  # mean squared norm of a call's features
    strangers: float  # mean product of two calls of different accounts, as a share of that
    own: float  # what two calls of one account have in common beyond it, median over accounts


def _squares(sums: np.ndarray, calls: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared norm of an account's sum, and sum of the squared norms of its calls, out of ``within_similarity``."""
    whole = np.einsum("ij,ij->i", sums, sums)
    return whole, whole / (1.0 + (calls - 1.0) * within)


def _usual(sums: np.ndarray, calls: np.ndarray, within: np.ndarray) -> _Usual:
    whole, squares = _squares(sums, calls, within)
    spread = squares.sum() / calls.sum()
    total = sums.sum(axis=0)
    pairs = calls.sum() ** 2 - (calls**2).sum()
    strangers = (total @ total - whole.sum()) / pairs / spread
    return _Usual(float(spread), float(strangers), float(np.median(within - strangers)))


@dataclass(frozen=True)
class Pool:
    """Accounts that carry many people's calls in turn."""

    members: np.ndarray  # int64, rows of the day's accounts, ascending
    apart: float  # of two of them, at most, at the upper end of 95 %; 1 is what sets two usual accounts apart

    def sign(self, calls: np.ndarray) -> Sign:
        """What joined them; calls : int64, of every account of the day."""
        sentence = (
            f"{len(self.members)} accounts of {int(np.median(calls[self.members])):,} calls each that say what a crowd "
            f"says: what they ask differs by at most {self.apart:.0%} of what sets two accounts apart"
        )
        return Sign(DEALT_IN_TURN, True, sentence, self.apart)


def relay_pools(people: People) -> list[Pool]:
    """The pools among a day's accounts, most calls first."""
    calls = people.calls.astype(np.float64)
    within = people.accounts.statistics.get("within_similarity")
    if within is None or (calls >= CALLS_MIN).sum() < ACCOUNTS_MIN:
        return []
    crowd = looked_at(np.flatnonzero((calls >= _CROWD_CALLS_MIN) & ~np.isnan(within)))
    if len(crowd) < _CROWD_MIN:
        return []
    usual = _usual(people.sums(crowd).astype(np.float64), calls[crowd], within[crowd])
    if usual.own <= 0:  # everybody says the same, or nobody keeps to anything
        return []
    heavy = np.flatnonzero((calls >= CALLS_MIN) & (within - usual.strangers <= _HANDS * usual.own))
    heavy = np.sort(heavy[np.lexsort((heavy, -calls[heavy]))][:_HEAVY_MAX])
    heavy = heavy[_shared(people, heavy) <= _SHARED] if len(heavy) else heavy
    if len(heavy) < ACCOUNTS_MIN:
        return []
    apart = _apart(people.sums(heavy).astype(np.float64), calls[heavy], within[heavy], usual)
    left, right = np.nonzero(np.triu(apart <= _APART, 1))
    group = components(len(heavy), left, right)
    found = []
    for one in np.flatnonzero(np.bincount(group) >= ACCOUNTS_MIN):
        largest = np.max(apart[left, right], initial=0.0, where=group[left] == one)
        found.append(Pool(heavy[group == one], round(float(largest), 4)))
    return sorted(found, key=lambda pool: (-calls[pool.members].sum(), pool.members[0]))


def _shared(people: People, accounts: np.ndarray) -> np.ndarray:
    """Share of the sampled calls of some accounts whose text is shared; 0 where it is not known whose it is."""
    found = people.gather(accounts)
    if found.sample_senders is None:
        return np.zeros(len(accounts))
    number = np.bincount(found.sample_owner, minlength=len(accounts))
    others_too = found.sample_owner[np.abs(found.sample_senders) >= SHARED_ACCOUNTS_MIN]
    shared = np.bincount(others_too, minlength=len(accounts))
    return np.asarray(shared / np.maximum(1, number))


def _apart(sums: np.ndarray, calls: np.ndarray, within: np.ndarray, usual: _Usual) -> np.ndarray:
    """How far every two accounts are apart, at the upper end of 95 %; float64[n, n], 1 for two usual ones.

    Of two accounts the squared distance of their mean features, less what chance makes of it: n calls of squared norm q
    have a mean of variance (q - |mean|^2) / (n - 1). Two usual accounts are 2 ``own`` ``spread`` apart.
    """
    mean = sums / calls[:, None]
    _, squares = _squares(sums, calls, within)
    norm = np.einsum("ij,ij->i", mean, mean)
    chance = (squares / calls - norm) / (calls - 1.0)
    by_chance = chance[:, None] + chance
    apart = norm[:, None] + norm - 2.0 * (mean @ mean.T) - by_chance
    return (apart + _ERRORS * np.sqrt(2.0 / _DIRECTIONS) * by_chance) / (2.0 * usual.own * usual.spread)
