"""Addresses shared with those that talk alike, and that no other day had.

An address that many new accounts share is a carrier's as often as a campaign's; one that an account shares with its
content neighbours is neither. Each day of the reference is asked alike, so that there is a null.
"""

import numpy as np

from gauger.engine.common import threads
from gauger.engine.evidence.pool import Pool
from gauger.engine.state.links import ADDRESS
from gauger.kernels.accounts.groups import Held, Pairs, holders_near

_ADDED = 2.0  # pseudo-neighbours with the other days' addresses
_COUNTED = 65_536  # pairs of account and value that a thread counts at a time


def shared_addresses(pool: Pool) -> np.ndarray:
    """Log-likelihood ratio of sharing an address with one's peers; float64[pool.wanted], NaN without an address."""
    owner, value = pool.links(ADDRESS)
    return shared_values(owner, value, pool.day, pool.peers)


def shared_values(owner: np.ndarray, value: np.ndarray, day: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of sharing a value with one's content neighbours of the same day; float64[m].

    owner, value : int64 and uint64, distinct pairs, what each account was seen with
    day : int64[accounts], the day each account is of; neighbours : int64[m, k], of the first m

    Of an account's values the greatest of log(share of its neighbours that have it / share of all accounts of *other*
    days that have it) counts; 0 where no neighbour has one, NaN for an account without values. What other days had,
    such as the way out of a company or of a carrier, is worth little; what is new and shared by those that talk alike
    is worth much. Both sides are asked alike, each account against its own day.
    """
    accounts, first = len(day), len(neighbours)
    result = np.full(accounts, np.nan)
    result[owner] = 0.0
    _, day = np.unique(day, return_inverse=True)
    days = int(day.max(initial=0)) + 1
    distinct, number = np.unique(value, return_inverse=True)
    seen = np.bincount(number * days + day[owner], minlength=len(distinct) * days).reshape(-1, days)
    asked = np.zeros(accounts, bool)
    asked[owner] = True
    size = np.bincount(day[asked], minlength=days)
    # Alone with a value on its day, an account shares it with nobody: most values are no further work.
    rows = np.flatnonzero(seen[number, day[owner]] >= 2)
    if len(rows) == 0:
        return result[:first]
    rows = rows[np.lexsort((number[rows], owner[rows]))]
    holder, number = owner[rows], number[rows]
    held = Held(np.searchsorted(holder, np.arange(accounts + 1)), number)
    wanted = slice(0, int(held.offsets[first]))
    holder, number = holder[wanted], number[wanted]
    pairs = Pairs(holder, number)
    near, known_day = np.ascontiguousarray(neighbours, np.int64), np.where(asked, day, -1)
    comparable, same = np.empty((2, len(holder)), np.int64)

    def block(start: int, stop: int) -> None:
        holders_near(held, pairs, near, known_day, start, stop, comparable, same)

    threads.blocks(block, len(holder), _COUNTED)
    elsewhere = seen[number].sum(axis=1) - seen[number, day[holder]]
    usual = (elsewhere + 0.5) / (size.sum() - size[day[holder]] + 1.0)
    ratio = np.log((same + _ADDED * usual) / (comparable + _ADDED) / usual)
    np.maximum.at(result, holder, np.where(same > 0, ratio, 0.0))
    return result[:first]
