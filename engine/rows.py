"""Growable structure-of-arrays: the in-memory form of every table of sketches."""

from __future__ import annotations

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
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, name: str) -> np.ndarray:
        """The used part of a column, writable, valid until the next ``grow``."""
        return self._arrays[name][: self.count]

    def grow(self, rows: int) -> int:
        """Append ``rows`` zero rows; returns the index of the first."""
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
        """Append rows given as one array a column; returns the index of the first."""
        first = self.grow(len(next(iter(columns.values()))))
        for name, values in columns.items():
            self._arrays[name][first : self.count] = values
        return first

    def keep(self, order: np.ndarray) -> None:
        """Replace the rows by ``rows[order]`` (an index or mask), for compaction."""
        kept = {name: self[name][order] for name in self._fields}
        self.count = len(next(iter(kept.values())))
        for name, values in kept.items():
            self._arrays[name][: self.count] = values
            self._arrays[name][self.count :] = 0

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return sum(array.nbytes for array in self._arrays.values())
