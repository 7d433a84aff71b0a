"""Statistics of accounts against the reference, for both sides alike: each account is left out of what it meets.

Words are not kept by account, so that the spread of what an account says is taken over the cells of its sampled calls
(``samples.cells_of``) in place of n-grams: docs/statistics.md says what words would cost.
"""

import numpy as np

from gauger.engine.common.vectors import unit
from gauger.engine.statistics.calls import share
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.samples import CELL_BITS, cells_of
from gauger.engine.statistics.statistic import CONTENT, OURS, among

NAMES = ("new_cell_rate", "spread_log_odds", "history_shift")
_ADDED = 0.5  # to each count: Haldane (1956) and Anscombe (1956), the least biased log-odds


def _cells(population: Population, key: np.ndarray) -> np.ndarray:
    known = population.sample_cell
    found = cells_of(population.sample_row, population.sample_features, key) if known is None else known
    return found.astype(np.int64)


def cell_statistics(cells: np.ndarray, owner: np.ndarray, today: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(share of an account's calls in cells of no other account of the reference, mean log-odds of today's accounts).

    cells, owner : int64, one entry a sampled call; today : bool[accounts]
    Log-odds of a call: of having an account in its cell, among today's others against the reference's others.
    """
    accounts = len(today)
    pairs = np.sort(owner << CELL_BITS | cells)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    holder, cell = pairs >> CELL_BITS, pairs & ((1 << CELL_BITS) - 1)
    own = today[owner].astype(np.int64)
    new = np.bincount(cell[today[holder]], minlength=1 << CELL_BITS)[cells] - own
    old = np.bincount(cell[~today[holder]], minlength=1 << CELL_BITS)[cells] - (1 - own)
    total_new, total_old = today.sum() - own, (~today).sum() - (1 - own)
    odds = np.log((new + _ADDED) / (total_new - new + _ADDED)) - np.log((old + _ADDED) / (total_old - old + _ADDED))
    calls = np.bincount(owner, minlength=accounts).astype(np.float64)
    fresh = share(np.bincount(owner[old == 0], minlength=accounts), calls)
    return fresh, share(np.bincount(owner, odds, accounts), calls)


def history_shift(account_ids: list[str], sums: np.ndarray, today: np.ndarray) -> np.ndarray:
    """1 - cosine of an account's kernel mean and that of its latest other reference day; NaN when it has none.

    Of a reference account too, so that today's shifts can be ranked among them. Rows of the reference are in order of
    their days. account_ids : n names; sums : int32[n, d]; today : bool[n]
    """
    _, code = np.unique(np.asarray(account_ids, object).astype(str), return_inverse=True)
    rows = np.flatnonzero(~today)
    last, before = np.full((2, code.max(initial=0) + 1), -1)
    order = rows[np.lexsort((rows, code[rows]))]
    same = np.flatnonzero(code[order[1:]] == code[order[:-1]])
    before[code[order[same]]] = order[same]  # of several, the last is written last
    last[code[order]] = order
    other = np.where(last[code] == np.arange(len(code)), before[code], last[code])
    known = np.flatnonzero(other >= 0)
    result = np.full(len(code), np.nan)
    result[known] = 1.0 - np.einsum("ij,ij->i", unit(sums[known]), unit(sums[other[known]]), dtype=np.float64)
    return np.maximum(result, 0.0)


def pooled_statistics(today: Population, reference: Population, key: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics of today's accounts and then the reference's, float64 each, NaN = not available."""
    count = len(today)
    cells = np.concatenate([_cells(today, key), _cells(reference, key)])
    owner = np.concatenate([today.sample_owner, reference.sample_owner + count])
    is_today = np.arange(count + len(reference)) < count
    fresh, odds = cell_statistics(cells, owner, is_today)
    names, sums = today.account_ids + reference.account_ids, np.concatenate([today.sums, reference.sums])
    found = (fresh, odds, history_shift(names, sums, is_today))
    return dict(zip(NAMES, found, strict=True))


_LEAVE_ONE_OUT = "leave one out: Lachenbruch and Mickey (1968)"
STATISTICS = (
    *among(
        "statistics.pool.pooled_statistics",
        ("new_cell_rate", "share of its calls of a kind that no other account of the earlier days sent",
         "sampled calls in a cell (16 signs of random projections) of no other reference account / sampled calls",
         "Charikar (STOC 2002)", "share", "0 to 1", CONTENT, True),
        ("spread_log_odds", "how much more its kinds of content are today's accounts' than the earlier days'",
         "mean over sampled calls of log-odds(other accounts of today in its cell) − log-odds(of the reference)",
         f"Anscombe (1956) for the ½; {_LEAVE_ONE_OUT}", "nats", "any", CONTENT, True),
        ("history_shift", "how far its content moved from its own earlier day", "1 − cos of the kernel means of today "
         "and of its latest reference day; null for an account without one", OURS, "1 − cosine", "0 to 2", CONTENT,
         True),
    ),
)  # fmt: skip
