"""A day ready to be weighed: its accounts in units, and its distinct prompts. What ``finish`` is a function of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.families.families import Groups, group_prompts
from gauger.engine.families.prompts import KeptPrompts, PromptTable
from gauger.engine.state.state import State
from gauger.engine.statistics.folded import UnitCalls, fold, population_of, with_others
from gauger.engine.statistics.people import People, Whole
from gauger.engine.statistics.shared_text import Copies, copies_of


class Day(Protocol):
    """Calls by unit, accounts, prompts. Nothing in it depends on where they lie or how they came there."""

    settings: Settings
    secret: Secret
    key: np.ndarray
    is_text: bool  # prompts are text, not token ids
    has_addresses: bool  # calls say from where
    calls_of_panes: dict[int, int]  # calls in each pane of time that has any

    @property
    def prompts(self) -> PromptTable:
        """Its distinct prompts."""
        ...

    @property
    def people(self) -> People:
        """Its accounts."""
        ...

    def rest(self) -> None:
        """Between two stages: give back memory that is held for nothing, where the process is ours."""
        ...

    def calls(self, unit: int) -> UnitCalls:
        """The calls of a unit's accounts; ``owner`` is the place of each among ``people.rows(unit)``."""
        ...

    def grouped(self) -> Groups:
        """Its prompts in groups."""
        ...

    def of_panes(self, days: Sequence[Sequence[int]]) -> list[People]:
        """The accounts of each of some groups of panes, by their calls in these."""
        ...


class StateDay:
    """The day of a state in memory."""

    def __init__(self, state: State) -> None:
        self.settings, self.secret, self.key = state.settings, state.secret, state.secret.key
        self.is_text, self.has_addresses = state.content == "text", "client_address" in state.columns
        self._state = state
        panes, calls = np.unique(state.ledger.rows["time"] // self.settings.pane_us, return_counts=True)
        self.calls_of_panes: dict[int, int] = dict(zip(panes.tolist(), calls.tolist(), strict=True))
        self.panes = panes.tolist()
        self._population, self._calls = fold(state)

    @cached_property
    def _copies(self) -> Copies:
        return copies_of(self._groups, self.prompts)

    @cached_property
    def _groups(self) -> Groups:
        return group_prompts(self.prompts, self.key, self.settings)

    @cached_property
    def people(self) -> People:
        """As in ``Day``."""
        return Whole(with_others(self._population, self._copies), self.key, self.settings.calls_min)

    @cached_property
    def prompts(self) -> KeptPrompts:
        """As in ``Day``."""
        return KeptPrompts(self._state.prompts)

    def calls(self, unit: int) -> UnitCalls:
        """As in ``Day``."""
        if self.people.units == 1:
            return self._calls
        rows = self.people.rows(unit)
        place = np.full(len(self.people.calls), -1)
        place[rows] = np.arange(len(rows))
        found = self._calls.select(place[self._calls.owner] >= 0)
        return found.owned_by(place[found.owner])

    def rest(self) -> None:
        """As in ``Day``: a host's memory is its own business."""

    def grouped(self) -> Groups:
        """As in ``Day``."""
        return self._groups

    def of_panes(self, days: Sequence[Sequence[int]]) -> list[People]:
        """As in ``Day``."""
        if len(days) == 1 and self.panes == list(days[0]):
            return [self.people]
        people = (population_of(self._state, panes, self._copies)[0] for panes in days)
        return [Whole(one, self.key, self.settings.calls_min) for one in people]
