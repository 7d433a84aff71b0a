"""Distinct prompts: one row each, found by a 128-bit keyed hash of the normalised prompt."""

from __future__ import annotations

import numpy as np

from gauger.engine.intake.measuring import Measures
from gauger.engine.state.grams import GramStore
from gauger.engine.state.rows import Field, Rows
from gauger.kernels.accounts.prompts import EMPTY, intern, reindex
from gauger.kernels.sketches import minhash

FIELDS: dict[str, Field] = {
    "hash": (np.uint64, (2,)),
    "signature": (np.uint8, (minhash.SLOTS,)),
    "words": (np.int32, ()),
    "flags": (np.uint8, ()),
    "calls": (np.int64, ()),
    "grams": (np.int32, ()),  # number of frame grams kept
}


class Prompts:
    """Everything families need of each distinct prompt; merging is a union.

    Frame grams lie beside the rows, row after row: row i has ``rows["grams"][i]`` of them.
    """

    def __init__(self) -> None:
        self.rows = Rows(FIELDS, 4096)
        self._index = np.full(16384, EMPTY, np.int32)
        self.grams = GramStore()

    def __len__(self) -> int:
        return len(self.rows)

    def update(self, measures: Measures) -> np.ndarray:
        """Add the prompts of a batch; returns the row of each call's prompt, int64[n]."""
        sizes = np.diff(measures.gram_offsets)
        columns = {
            "signature": measures.signatures,
            "words": measures.words,
            "flags": measures.flags,
            "grams": sizes.astype(np.int32),
        }
        grams = measures.grams[: measures.gram_offsets[-1]]
        return self._add(measures.prompt_hashes, columns, np.ones(len(sizes), np.int64), grams)

    def merge(self, other: Prompts) -> np.ndarray:
        """Union with another table; returns this table's row of each of its rows."""
        columns = {name: other.rows[name] for name in ("signature", "words", "flags", "grams")}
        return self._add(other.rows["hash"], columns, other.rows["calls"], other.grams.read(0, len(other.grams)))

    def restore(self, columns: dict[str, np.ndarray], grams: np.ndarray) -> None:
        """Fill an empty table from disk."""
        counts = columns["calls"]
        rest = {name: values for name, values in columns.items() if name not in ("hash", "calls")}
        self._add(columns["hash"], rest, counts, grams)

    def _add(
        self, hashes: np.ndarray, columns: dict[str, np.ndarray], calls: np.ndarray, grams: np.ndarray
    ) -> np.ndarray:
        count, n = len(self.rows), len(hashes)
        if 2 * (count + n) > self._index.size:
            size = 1 << int(np.ceil(np.log2(4 * (count + n))))
            self._index = np.full(size, EMPTY, np.int32)
            reindex(self.rows["hash"], self._index)
        self.rows.grow(n)
        found = np.empty(n, np.int64)
        after = intern(np.ascontiguousarray(hashes), self._index, self.rows["hash"], count, found)
        self.rows.count = after
        # Rows are numbered in order of first appearance, so the first call of row count + j is fresh[j].
        fresh = np.flatnonzero(found > np.maximum.accumulate(np.concatenate([[count - 1], found]))[:-1])
        for name, values in columns.items():
            self.rows[name][count:after] = values[fresh]
        if len(fresh) == n:
            self.grams.append(grams)
        else:
            owners = np.zeros(n, bool)
            owners[fresh] = True
            self.grams.append(grams[np.repeat(owners, columns["grams"])])
        np.add.at(self.rows["calls"], found, calls)
        return found
