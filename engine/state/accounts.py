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

from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.intake.measuring import Measures
from gauger.engine.state.counters import COUNTERS
from gauger.engine.state.rows import Field, Rows
from gauger.kernels.accounts.accumulate import add_bins, add_counts, add_features, add_moments, add_times, keep_earliest
from gauger.kernels.sketches import hyperloglog as hll
from gauger.kernels.text.features import FEATURES

DISTINCT = ("prompts", "addresses", "conversations", "user_agents", "parameters")
ADDED_UP = (
    "elicitations",
    "address_calls",
    "conversation_calls",
    "user_agent_calls",
    "parameter_calls",
    *(name for counter in COUNTERS for name in (counter.known, counter.true)),
)


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
    columns |= dict.fromkeys(ADDED_UP, (np.int64, ()))
    for name in DISTINCT:
        columns[f"{name}_count"] = (np.uint8, ())
        columns[f"{name}_sparse"] = (np.uint32, (hll.SPARSE,))
        columns[f"{name}_dense"] = (np.uint8, (hll.COLUMN_REGISTERS,))
    return columns


# Of columns that states saved by earlier versions have not: no call of theirs said anything of it.
DEFAULTS = dict.fromkeys(ADDED_UP, 0)
ADDED = ("words", "output_tokens", "hours", "sums", "squares", *ADDED_UP)


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
        self._number_of: dict[str, int] = {}  # account id -> number, whatever the pane
        self._names: list[str] = []  # of each number
        self._rows_of_pane: dict[int, np.ndarray] = {}  # int64, row of each number, -1 = none

    def __len__(self) -> int:
        return len(self.rows)

    def row_of(self, account_id: str, pane: int) -> int | None:
        """Row of an account in a pane, or None."""
        number, table = self._number_of.get(account_id, -1), self._rows_of_pane.get(pane, np.zeros(0, np.int64))
        return int(table[number]) if 0 <= number < len(table) and table[number] >= 0 else None

    def rows_for(self, column: pa.Array, times: np.ndarray) -> np.ndarray:
        """Row of each call by account and pane, new rows made as needed; int64[n].

        column : account ids, dictionary-encoded or not
        """
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        numbers = self._numbers(encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
        return self._intern(numbers, times // self._settings.pane_us)

    def _numbers(self, names: list[str]) -> np.ndarray:
        """Number of each account id, new ones given as needed."""
        known = self._number_of
        found = [known.get(name, -1) for name in names]
        for place, number in enumerate(found):
            if number < 0:
                found[place] = known.setdefault(names[place], len(self._names))
                if found[place] == len(self._names):
                    self._names.append(names[place])
        return np.asarray(found, np.int64)

    def _intern(self, numbers: np.ndarray, panes: np.ndarray) -> np.ndarray:
        """Row of each (account number, pane), new rows made as needed; int64[n]."""
        rows = np.empty(len(numbers), np.int64)
        for pane in np.unique(panes).tolist():
            inside = panes == pane
            table = self._table_of(pane)
            new = np.unique(numbers[inside][table[numbers[inside]] < 0])
            if len(new):
                first = self.rows.grow(len(new))
                self.rows["pane"][first:] = pane
                self.account_ids += [self._names[number] for number in new.tolist()]
                table[new] = first + np.arange(len(new))
            rows[inside] = table[numbers[inside]]
        return rows

    def _table_of(self, pane: int) -> np.ndarray:
        """Row of each account number in a pane, long enough for all numbers given so far."""
        table = self._rows_of_pane.get(pane, np.zeros(0, np.int64))
        if len(table) < len(self._names):
            larger = np.full(2 * len(self._names), -1, np.int64)
            larger[: len(table)] = table
            self._rows_of_pane[pane] = table = larger
        return table

    def restore(self, account_ids: list[str]) -> None:
        """Name the rows of a table that was filled from disk."""
        self.account_ids = account_ids
        numbers = self._numbers(account_ids)
        for pane in np.unique(self.rows["pane"]).tolist():
            inside = np.flatnonzero(self.rows["pane"] == pane)
            self._table_of(pane)[numbers[inside]] = inside

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
            keep_earliest(rows, calls.created, table["created"])
        for name, values in {**calls.counters, "elicitations": measures.flags > 0}.items():
            add_counts(rows, values.view(np.uint8), table[name])
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

    def merge(self, other: Accounts, *, into_pane: int | None = None, keep: np.ndarray | None = None) -> np.ndarray:
        """Add another table; returns this table's row of each of its rows.

        into_pane : put every row into this pane, so that panes of an account fall together
        keep : bool mask of the other's rows to take; the rest get row -1
        """
        taken = np.flatnonzero(np.ones(len(other), bool) if keep is None else keep)
        panes = other.rows["pane"][taken] if into_pane is None else np.full(len(taken), into_pane)
        names = [other.account_ids[row] for row in taken.tolist()]
        rows = np.full(len(other), -1, np.int64)
        rows[taken] = self._intern(self._numbers(names), panes)
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
        keep_earliest(rows, theirs["created"], mine["created"])
        for name in DISTINCT:
            parts = [f"{name}_{part}" for part in ("count", "sparse", "dense")]
            hll.column_merge(rows, *(mine[part] for part in parts), *(theirs[part] for part in parts))

    def distinct(self, name: str) -> np.ndarray:
        """Distinct count of one of ``DISTINCT`` for each row; float64[n]."""
        return hll.estimate_columns(self.rows[f"{name}_count"], self.rows[f"{name}_dense"])

    def canonical_order(self) -> np.ndarray:
        """Row order by account id, then pane: the same whatever order calls came in."""
        keys = list(zip(self.account_ids, self.rows["pane"].tolist(), strict=True))
        return np.asarray(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
