"""Today's accounts, wherever they lie: who they are is known of all, what they sent is loaded a unit at a time."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.shards import unit_of, units_of
from gauger.engine.statistics.population import Population


class People(Protocol):
    """n accounts in order of id, in units by keyed hash of their ids (``common.shards``)."""

    account_ids: list[str]
    calls: np.ndarray  # int64[n]
    units: int

    def rows(self, unit: int) -> np.ndarray:
        """Rows of a unit's accounts, int64, ascending."""
        ...

    def load(self, unit: int) -> Population:
        """A unit's accounts in order of id, with all that is kept of them."""
        ...

    def gather(self, rows: np.ndarray) -> Population:
        """Some accounts, int64, ascending, of whatever unit."""
        ...


class Whole:
    """People in memory."""

    def __init__(self, population: Population, key: np.ndarray) -> None:
        self._population, self._key = population, key
        self.account_ids, self.calls = population.account_ids, population.calls
        self.units = units_of(int(population.calls.sum()))

    @cached_property
    def _unit(self) -> np.ndarray:
        return unit_of(hash_column(self._key, pa.array(self.account_ids, pa.string())), self.units)

    def rows(self, unit: int) -> np.ndarray:
        """As in ``People``."""
        return np.flatnonzero(self._unit == unit)

    def load(self, unit: int) -> Population:
        """As in ``People``."""
        return self._population if self.units == 1 else self._population.select(self._unit == unit)

    def gather(self, rows: np.ndarray) -> Population:
        """As in ``People``."""
        kept = np.zeros(len(self.calls), bool)
        kept[rows] = True
        return self._population.select(kept)
