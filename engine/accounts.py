"""Accounts: one row of mergeable sketches for each account and pane of time.

Row layout (bytes): counts, times and moments 200 | hours 24 x 4 | kernel mean 656 x 4 | five HyperLogLogs of
1 + 64 (sparse) + 256 (dense). Sums are integers, so any order of the same calls gives the same bytes. The
within-account similarity comes from the sum and the sum of squares, (|S|^2 - Q) / (n (n - 1)): the unbiased U-statistic
over all pairs, which two half-sums would only estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.engine.measure import Measures
from gauger.engine.rows import Field, Rows
from gauger.engine.settings import HOUR_US, Settings
from gauger.kernels import hyperloglog as hll
from gauger.kernels.accumulate import add_bins, add_features, add_moments, add_times
from gauger.kernels.features import FEATURES

DISTINCT = ("prompts", "addresses", "conversations", "user_agents", "parameters")
# Numbers that are added up: name -> calls for which the column was there (so that absent is never taken for zero).
COUNTERS = (
    "elicitations", "address_calls", "conversation_calls", "user_agent_calls", "parameter_calls", "finish_calls",
    "finish_length", "error_calls", "errors", "logprob_calls", "logprobs", "choice_calls", "choices_many",
    "accepted_calls", "accepted", "stream_calls", "streamed",
)  # fmt: skip


def fields() -> dict[str, Field]:
    """Columns of the account table: name -> (dtype, shape of a row)."""
    columns: dict[str, Field] = {
        "pane": (np.int64, ()),
        "calls": (np.int64, ()),
        "first": (np.int64, ()),
        "last": (np.int64, ()),
        "created": (np.int64, ()),  # earliest account_created_at, microseconds; 0 = not known
        "words": (np.int64, (3,)),  # count, sum, sum of squares
        "output_tokens": (np.int64, (3,)),
        "hours": (np.uint32, (24,)),
        "sums": (np.int32, (FEATURES,)),
        "squares": (np.int64, ()),
    }
    columns |= dict.fromkeys(COUNTERS, (np.int64, ()))
    for name in DISTINCT:
        columns[f"{name}_count"] = (np.uint8, ())
        columns[f"{name}_sparse"] = (np.uint32, (hll.SPARSE,))
        columns[f"{name}_dense"] = (np.uint8, (hll.COLUMN_REGISTERS,))
    return columns


ADDED = ("words", "output_tokens", "hours", "sums", "squares", *COUNTERS)


@dataclass(frozen=True)
class CallColumns:
    """The metadata of n calls as arrays; a column that is absent has ``None``."""

    times: np.ndarray  # int64[n], microseconds
    addresses: np.ndarray | None  # uint64[n], keyed hash, 0 = null
    conversations: np.ndarray | None
    user_agents: np.ndarray | None
    parameters: np.ndarray | None
    output_tokens: tuple[np.ndarray, np.ndarray] | None  # values, valid
    created: np.ndarray | None  # int64[n], microseconds, 0 = null
    counters: dict[str, np.ndarray]  # uint8[n] each


class Accounts:
    """Sketch rows keyed by (account_id, pane)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.rows = Rows(fields(), 256)
        self.account_ids: list[str] = []
        self._row_of: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def row_of(self, account_id: str, pane: int) -> int | None:
        """Row of an account in a pane, or None."""
        return self._row_of.get((account_id, pane))

    def rows_for(self, column: pa.Array, times: np.ndarray) -> np.ndarray:
        """Row of each call by account and pane, new rows made as needed; int64[n]."""
        encoded = column.dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        panes = times // self._settings.pane_us
        low = int(panes.min()) if len(panes) else 0
        span = int(panes.max()) - low + 1 if len(panes) else 1
        pairs, inverse = np.unique(codes * span + (panes - low), return_inverse=True)
        names = encoded.dictionary.to_pylist()
        rows = [self._intern(names[pair // span], int(pair % span) + low) for pair in pairs.tolist()]
        return np.asarray(rows, np.int64)[inverse]

    def _intern(self, account_id: str, pane: int) -> int:
        row = self._row_of.get((account_id, pane))
        if row is None:
            row = self.rows.grow(1)
            self.rows["pane"][row] = pane
            self.account_ids.append(account_id)
            self._row_of[account_id, pane] = row
        return row

    def restore(self, account_ids: list[str]) -> None:
        """Name the rows of a table that was filled from disk."""
        self.account_ids = account_ids
        panes = self.rows["pane"].tolist()
        self._row_of = {pair: row for row, pair in enumerate(zip(account_ids, panes, strict=True))}

    def update(self, rows: np.ndarray, calls: CallColumns, measures: Measures) -> None:
        """Fold a batch: rows[i] is the row of call i."""
        table = self.rows
        n = len(rows)
        everywhere = np.ones(n, np.uint8)
        add_times(rows, calls.times, table["calls"], table["first"], table["last"])
        add_features(rows, measures.features, table["sums"], table["squares"])
        add_moments(rows, measures.words.astype(np.int64), everywhere, table["words"])
        add_bins(rows, calls.times // HOUR_US % 24, table["hours"])
        if calls.output_tokens is not None:
            add_moments(rows, *calls.output_tokens, table["output_tokens"])
        if calls.created is not None:
            self._note_created(rows, calls.created)
        for name, values in {**calls.counters, "elicitations": measures.flags > 0}.items():
            table[name][:] += np.bincount(rows, values, minlength=len(table)).astype(np.int64)
        distinct = {
            "prompts": measures.prompt_hashes[:, 0],
            "addresses": calls.addresses,
            "conversations": calls.conversations,
            "user_agents": calls.user_agents,
            "parameters": calls.parameters,
        }
        for name, hashes in distinct.items():
            if hashes is not None:
                known = rows if name == "prompts" else np.where(hashes != 0, rows, -1)
                sketch = (table[f"{name}_count"], table[f"{name}_sparse"], table[f"{name}_dense"])
                hll.column_update_many(known, np.ascontiguousarray(hashes), *sketch)

    def _note_created(self, rows: np.ndarray, created: np.ndarray) -> None:
        known = created != 0
        earliest = np.full(len(self.rows), np.iinfo(np.int64).max)
        np.minimum.at(earliest, rows[known], created[known])
        current = self.rows["created"]
        seen = earliest < np.iinfo(np.int64).max
        current[seen] = np.where(current[seen] == 0, earliest[seen], np.minimum(current[seen], earliest[seen]))

    def merge(self, other: Accounts, *, into_pane: int | None = None, keep: np.ndarray | None = None) -> np.ndarray:
        """Add another table; returns this table's row of each of its rows.

        into_pane : put every row into this pane, so that panes of an account fall together
        keep : bool mask of the other's rows to take; the rest get row -1
        """
        taken = np.flatnonzero(np.ones(len(other), bool) if keep is None else keep)
        panes = other.rows["pane"][taken] if into_pane is None else np.full(len(taken), into_pane)
        names = [other.account_ids[row] for row in taken.tolist()]
        targets = [self._intern(name, pane) for name, pane in zip(names, panes.tolist(), strict=True)]
        rows = np.full(len(other), -1, np.int64)
        rows[taken] = targets
        # Rows that fall together must be added one after another: one round for each pane.
        for pane in np.unique(other.rows["pane"][taken]):
            part = taken[other.rows["pane"][taken] == pane]
            self._merge_rows(rows[part], {name: other.rows[name][part] for name in fields()})
        return rows

    def _merge_rows(self, rows: np.ndarray, theirs: dict[str, np.ndarray]) -> None:
        """Add rows of another table to the distinct rows given."""
        mine = self.rows
        for name in ADDED:
            mine[name][rows] += theirs[name]
        fresh = mine["calls"][rows] == 0
        mine["first"][rows] = np.where(fresh, theirs["first"], np.minimum(mine["first"][rows], theirs["first"]))
        mine["last"][rows] = np.where(fresh, theirs["last"], np.maximum(mine["last"][rows], theirs["last"]))
        mine["calls"][rows] += theirs["calls"]
        self._note_created(rows, theirs["created"])
        for name in DISTINCT:
            parts = [f"{name}_{part}" for part in ("count", "sparse", "dense")]
            hll.column_merge(rows, *(mine[part] for part in parts), *(theirs[part] for part in parts))

    def distinct(self, name: str) -> np.ndarray:
        """Distinct count of one of ``DISTINCT`` for each row; float64[n]."""
        return hll.estimate_columns(self.rows[f"{name}_count"], self.rows[f"{name}_dense"])

    def canonical_order(self) -> np.ndarray:
        """Row order by account id, then pane: the same whatever order calls came in."""
        keys = sorted(range(len(self)), key=lambda row: (self.account_ids[row], self.rows["pane"][row]))
        return np.asarray(keys, np.int64)
