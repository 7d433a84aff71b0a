"""Today's accounts, wherever they lie: who they are is known of all, what they sent is loaded a unit at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Protocol

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.shards import unit_of, units_of
from gauger.engine.common.vectors import unit
from gauger.engine.statistics.background import Background, background_of, folds_of
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

_BLOCK = 4_096  # accounts added up at a time: of a large day all of them are gigabytes


@dataclass(frozen=True)
class Totals:
    """What is added up over accounts. Adds, but in the order of units: directions are sums of fractions."""

    direction: np.ndarray  # float64[FEATURES], sum of the accounts' unit vectors
    background: Background  # of the sampled calls of accounts that have enough of them

    def plus(self, other: Totals) -> Totals:
        """Of both."""
        return Totals(self.direction + other.direction, self.background.plus(other.background))


def background_of_people(population: Population, key: np.ndarray, calls_min: int) -> Background:
    """The background of the accounts of at least so many calls."""
    enough = (population.calls >= calls_min)[population.sample_owner]
    folds = folds_of(population.account_ids, key)[population.sample_owner[enough]]
    return background_of(population.sample_features, population.sample_row[enough], folds)


def totals_of(population: Population, key: np.ndarray, calls_min: int) -> Totals:
    """The totals of some accounts."""
    direction = np.zeros(FEATURES)
    for start in range(0, len(population), _BLOCK):
        direction += unit(population.sums[start : start + _BLOCK]).sum(axis=0, dtype=np.float64)
    return Totals(direction, background_of_people(population, key, calls_min))


class People(Protocol):
    """n accounts in order of id, in units by keyed hash of their ids (``common.shards``)."""

    account_ids: list[str]
    calls: np.ndarray  # int64[n]
    units: int
    unit_bytes: int  # of memory that a unit takes while something is asked of it
    accounts: Population  # every account with its statistics and links, without its calls

    @property
    def totals(self) -> Totals:
        """Of all accounts."""
        ...

    def rows(self, number: int) -> np.ndarray:
        """Rows of a unit's accounts, int64, ascending."""
        ...

    def load(self, number: int) -> Population:
        """A unit's accounts in order of id, with all that is kept of them."""
        ...

    def gather(self, rows: np.ndarray) -> Population:
        """Some accounts, int64, ascending, of whatever unit."""
        ...

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """Sums of features of some accounts, int64, ascending; int32[m, FEATURES]."""
        ...

    def sampled(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each sampled call its account, int64, and half of the hash of its prompt, uint64, 0 = not known."""
        ...

    def sampled_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Of each sampled call of a unit its account, int64, by place in the unit, and its identity, uint64."""
        ...

    def once(self, stage: str, number: int, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """What a stage makes of a unit; kept where a run that is killed finds it again."""
        ...


class Whole:
    """People in memory."""

    def __init__(self, population: Population, key: np.ndarray, calls_min: int = 1) -> None:
        self.accounts, self._key, self._calls_min = population, key, calls_min
        self.account_ids, self.calls = population.account_ids, population.calls
        self.units = units_of(int(population.calls.sum()))
        self.unit_bytes = (population.sums.nbytes + 16 * len(population.sample_owner)) // self.units

    @cached_property
    def totals(self) -> Totals:
        """As in ``People``; unit by unit, as everywhere."""
        parts = (totals_of(self.load(number), self._key, self._calls_min) for number in range(self.units))
        return reduce(Totals.plus, parts)

    @cached_property
    def _unit(self) -> np.ndarray:
        return unit_of(hash_column(self._key, pa.array(self.account_ids, pa.string())), self.units)

    def rows(self, number: int) -> np.ndarray:
        """As in ``People``."""
        return np.flatnonzero(self._unit == number)

    def load(self, number: int) -> Population:
        """As in ``People``."""
        return self.accounts if self.units == 1 else self.accounts.select(self._unit == number)

    def gather(self, rows: np.ndarray) -> Population:
        """As in ``People``."""
        kept = np.zeros(len(self.calls), bool)
        kept[rows] = True
        return self.accounts.select(kept)

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """As in ``People``."""
        return self.accounts.sums[rows]

    def sampled(self) -> tuple[np.ndarray, np.ndarray]:
        """As in ``People``."""
        prompts = self.accounts.sample_prompt
        return self.accounts.sample_owner, np.zeros(0, np.uint64) if prompts is None else prompts

    def sampled_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """As in ``People``."""
        found = self.load(number)
        return found.sample_owner, found.sample_identity

    def once(self, stage: str, number: int, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """As in ``People``; nothing is kept."""
        return make()
