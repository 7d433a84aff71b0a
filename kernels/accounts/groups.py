"""What an account and its neighbours hold in common, counted over sorted lists."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.machine.jit import inline, kernel


class Held(NamedTuple):
    """Values of n accounts: those of account i are values[offsets[i]:offsets[i + 1]], ascending."""

    offsets: np.ndarray  # int64[n + 1]
    values: np.ndarray  # int64


class Pairs(NamedTuple):
    """Accounts and one value of each."""

    owner: np.ndarray  # int64[m]
    value: np.ndarray  # int64[m]


@inline
def jaccard(values, left, left_end, right, right_end, size):
    """Jaccard similarity of two ascending runs of distinct values, from the ``size`` smallest of their union."""
    both, union = 0, 0
    while union < size and (left < left_end or right < right_end):
        if right == right_end or (left < left_end and values[left] < values[right]):
            left += 1
        elif left == left_end or values[right] < values[left]:
            right += 1
        else:
            both += 1
            left += 1
            right += 1
        union += 1
    return both / union if union > 0 else 0.0


@kernel("void(i64_in, u64_in, i64_in2, i64, f64_out)")
def mean_jaccard(offsets, values, neighbours, size, out):
    """Mean Jaccard similarity of each account's values with those of its neighbours that have any.

    offsets : int64[n + 1]; values : uint64, ascending and distinct within an account, keyed hashes
    neighbours : int64[n, k], -1 = none; size : values an account keeps at most (bottom-k: Broder 1997)
    out : float64[n], NaN without values or without such a neighbour
    """
    for account in range(offsets.size - 1):
        total, known = 0.0, 0
        start, end = offsets[account], offsets[account + 1]
        if end > start:
            for place in range(neighbours.shape[1]):
                other = neighbours[account, place]
                if other >= 0 and offsets[other + 1] > offsets[other]:
                    total += jaccard(values, start, end, offsets[other], offsets[other + 1], size)
                    known += 1
        out[account] = total / known if known > 0 else np.nan


@kernel("void(i64_in, i64_in, i64_in, i64_in2, f64_out, f64_out)")
def unique_coverage(offsets, prompts, holders, neighbours, observed, expected):
    """Of the prompts of an account and its neighbours, the share that one of them alone sent, and by chance.

    offsets : int64[n + 1]; prompts : int64, the distinct ones of each account; holders : int64, accounts of each prompt
    neighbours : int64[n, k], -1 = none
    observed, expected : float64[n], NaN without neighbours. By chance: others of the group are any accounts, so that a
        prompt of d accounts is another's with probability 1 - (1 - (d - 1) / (n - 1)) ^ (group - 1)
    """
    accounts = offsets.size - 1
    met = np.full(holders.size, -1, np.int64)  # twice the account whose group met it last, plus 1 if more than once
    group = np.empty(neighbours.shape[1] + 1, np.int64)
    for account in range(accounts):
        group[0] = account
        size = 1
        for place in range(neighbours.shape[1]):
            if neighbours[account, place] >= 0:
                group[size] = neighbours[account, place]
                size += 1
        alone, chance, total = 0, 0.0, 0
        for member in group[:size]:
            for place in range(offsets[member], offsets[member + 1]):
                prompt = prompts[place]
                if met[prompt] < 2 * account:
                    met[prompt] = 2 * account
                    alone += 1
                elif met[prompt] == 2 * account:
                    met[prompt] = 2 * account + 1
                    alone -= 1
                if holders[prompt] == 1:
                    chance += 1.0
                else:
                    chance += (1.0 - (holders[prompt] - 1) / max(1, accounts - 1)) ** (size - 1)
                total += 1
        known = size > 1 and total > 0
        observed[account] = alone / total if known else np.nan
        expected[account] = chance / total if known else np.nan


@kernel("void(Held(i64_in, i64_in), Pairs(i64_in, i64_in), i64_in2, i64_in, i64, i64, i64_out, i64_out)")
def holders_near(held, pairs, neighbours, day, first, last, near, holding):
    """Of the neighbours that each owner of a value has on its own day, how many there are and how many have the value.

    held : ``Held`` of n accounts; pairs : ``Pairs``, an account and one of its values; neighbours : int64[n, k]
    day : int64[n], -1 = not asked; first, last : of the pairs to count; near, holding : int64[m], outputs
    """
    offsets, values = held
    owners, wanted = pairs
    for pair in range(first, last):
        account, value = owners[pair], wanted[pair]
        there, have = 0, 0
        for place in range(neighbours.shape[1]):
            other = neighbours[account, place]
            if day[other] != day[account]:
                continue
            there += 1
            low, high = offsets[other], offsets[other + 1]
            while low < high:
                middle = (low + high) // 2
                if values[middle] < value:
                    low = middle + 1
                else:
                    high = middle
            have += low < offsets[other + 1] and values[low] == value
        near[pair], holding[pair] = there, have
