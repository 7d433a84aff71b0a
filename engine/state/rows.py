"""Growable structure-of-arrays: the in-memory form of every table of sketches."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Field = tuple[Any, tuple[int, ...]]  # dtype and shape of a row


class Rows:
    """Named columns of equal length that grow together, doubling; a new row is zero in every column."""

    def __init__(self, fields: Mapping[str, Field], capacity: int = 1024) -> None:
        self._fields = dict(fields)
        self._arrays = {name: np.zeros((capacity, *shape), dtype) for name, (dtype, shape) in self._fields.items()}
        self._capacity = capacity
        self.count = 0  # rows in place; ``len`` counts those appended since, too
        self._pending: list[dict[str, np.ndarray]] = []
        self._pending_rows = 0

    def __len__(self) -> int:
        return self.count + self._pending_rows

    def __getitem__(self, name: str) -> np.ndarray:
        """The used part of a column, writable, valid until the next ``grow`` or ``append``."""
        self._settle()
        return self._arrays[name][: self.count]

    def grow(self, rows: int) -> int:
        """Append ``rows`` zero rows; returns the index of the first."""
        self._settle()
        first = self.count
        needed = first + rows
        if needed > self._capacity:
            capacity = max(needed, 2 * self._capacity)
            for name, (dtype, shape) in self._fields.items():
                larger = np.zeros((capacity, *shape), dtype)
                larger[:first] = self._arrays[name][:first]
                self._arrays[name] = larger
            self._capacity = capacity
        self.count = needed
        return first

    def append(self, columns: Mapping[str, np.ndarray]) -> int:
        """Append rows, one array a column, kept as they are until read; returns the index of the first."""
        first = len(self)
        self._pending.append(dict(columns))
        self._pending_rows += len(next(iter(columns.values())))
        return first

    def _settle(self) -> None:
        """Copy what was appended into place, once for many appends: touching fresh pages costs more than any kernel."""
        if not self._pending:
            return
        pending, rows = self._pending, self._pending_rows
        self._pending, self._pending_rows = [], 0
        first = self.grow(rows)
        pending.reverse()
        while pending:  # each is let go once it is copied: not everything twice in memory
            columns = pending.pop()
            end = first + len(next(iter(columns.values())))
            for name, values in columns.items():
                self._arrays[name][first:end] = values
            first = end

    def keep(self, order: np.ndarray) -> None:
        """Replace the rows by ``rows[order]`` (an index or mask), for compaction."""
        self._settle()
        for name in self._fields:
            self._arrays[name] = self[name][order]
        self.count = self._capacity = len(next(iter(self._arrays.values())))

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        self._settle()
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""
        return sum(array.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)) for array in self._arrays.values())
