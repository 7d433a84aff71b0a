"""Statistics of accounts against the reference, for both sides alike: each account is left out of what it meets.

Words are not kept by account, so that the spread of what an account says is taken over the cells of its sampled calls
(``samples.cells_of``) in place of n-grams: docs/statistics.md says what words would cost.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

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
    return _by_cells(cell_counts(cells, owner, today), cells, owner, len(today), today)


@dataclass(frozen=True)
class CellCounts:
    """How many accounts have a call in each cell."""

    new: np.ndarray  # int64[cells], today's
    old: np.ndarray  # the reference's
    total: tuple[int, int]  # accounts of either


def cell_counts(cells: np.ndarray, owner: np.ndarray, today: np.ndarray) -> CellCounts:
    """Accounts in each cell; arguments as in ``cell_statistics``."""
    pairs = np.sort(owner << CELL_BITS | cells)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    holder, cell = pairs >> CELL_BITS, pairs & ((1 << CELL_BITS) - 1)
    new, old = (np.bincount(cell[side[holder]], minlength=1 << CELL_BITS) for side in (today, ~today))
    return CellCounts(new, old, (int(today.sum()), int((~today).sum())))


def _by_cells(
    counts: CellCounts, cells: np.ndarray, owner: np.ndarray, accounts: int, today: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """``cell_statistics`` of accounts that were counted (``today`` says on which side), or of others."""
    own_new = np.int64(0) if today is None else today[owner].astype(np.int64)
    own_old = np.int64(0) if today is None else 1 - own_new
    new, old = counts.new[cells] - own_new, counts.old[cells] - own_old
    total_new, total_old = counts.total[0] - own_new, counts.total[1] - own_old
    odds = np.log((new + _ADDED) / (total_new - new + _ADDED)) - np.log((old + _ADDED) / (total_old - old + _ADDED))
    calls = np.bincount(owner, minlength=accounts).astype(np.float64)
    fresh = share(np.bincount(owner[old == 0], minlength=accounts), calls)
    return fresh, share(np.bincount(owner, odds, accounts), calls)


def history_shift(account_ids: list[str], sums: np.ndarray, today: np.ndarray) -> np.ndarray:
    """1 - cosine of an account's kernel mean and that of its latest other reference day; NaN when it has none.

    Of a reference account too, so that today's shifts can be ranked among them. Rows of the reference are in order of
    their days. account_ids : n names; sums : int32[n, d]; today : bool[n]
    """
    code = pa.array(account_ids, pa.string()).dictionary_encode().indices.to_numpy()
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
    cells, owner, is_today = _both(today, reference, key)
    found = (*cell_statistics(cells, owner, is_today), _shifts(today, reference))
    return dict(zip(NAMES, found, strict=True))


def counted_cells(today: Population, reference: Population, key: np.ndarray) -> CellCounts:
    """Cells of today's accounts and the reference's, for ``statistics_of_others``."""
    return cell_counts(*_both(today, reference, key))


def statistics_of_others(
    asked: Population, reference: Population, counts: CellCounts, key: np.ndarray
) -> dict[str, np.ndarray]:
    """``pooled_statistics`` of accounts of today that are not among those counted; float64[asked] each."""
    by_cells = _by_cells(counts, _cells(asked, key), asked.sample_owner, len(asked))
    return dict(zip(NAMES, (*by_cells, _shifts(asked, reference)[: len(asked)]), strict=True))


def _both(today: Population, reference: Population, key: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell and owner of each sampled call of both, and bool[accounts], whose is today's."""
    count = len(today)
    cells = np.concatenate([_cells(today, key), _cells(reference, key)])
    owner = np.concatenate([today.sample_owner, reference.sample_owner + count])
    return cells, owner, np.arange(count + len(reference)) < count


def _shifts(today: Population, reference: Population) -> np.ndarray:
    names, sums = today.account_ids + reference.account_ids, np.concatenate([today.sums, reference.sums])
    return history_shift(names, sums, np.arange(len(names)) < len(today))


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
