"""A day on disk: what its segments hold, folded and grouped a unit at a time, each unit kept as soon as it is done."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path

from gauger.engine.common import memory, progress, threads
from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.common.shards import shards_of, units_of
from gauger.engine.families.families import Groups, group_prompts
from gauger.engine.plan.stored_people import StoredPeople, calls_of_unit, save_unit
from gauger.engine.plan.stored_prompts import StoredPrompts, load_groups, save_groups
from gauger.engine.segments.columns import Section, fold_contexts, prepared
from gauger.engine.segments.segment import Segment
from gauger.engine.segments.work import Work
from gauger.engine.state.state import State
from gauger.engine.statistics.folded import UnitCalls, accounts_of, fold
from gauger.engine.statistics.people import People, totals_of
from gauger.engine.statistics.shared_text import Copies, copies_of

ACCOUNTS = "accounts"  # the stage of all calls
_FOLD_ROWS = 65_536  # calls folded at a time
_FOLD_BYTES = 2_800  # of memory for each call of a unit that is folded


def calls_of_panes(hours: Mapping[int, int], settings: Settings) -> dict[int, int]:
    """Calls of each pane of time, from those of each UTC hour."""
    found: dict[int, int] = {}
    for hour, number in hours.items():
        pane = hour * HOUR_US // settings.pane_us
        found[pane] = found.get(pane, 0) + number
    return found


def stage_of(panes: Sequence[int]) -> str:
    """The stage of the calls of some panes of time."""
    return f"panes from {panes[0]}"


def folded(segments: list[Segment], shards: range, secret: Secret, settings: Settings) -> State:
    """The state of some shards, without grams."""
    state = State(secret, settings)
    state.sample.compact_at = sys.maxsize  # a unit fits, and what is beyond the sample goes when it is written
    for segment in segments:
        for _, group in groupby(segment.calls(shards), key=lambda pair: pair[0]):
            waiting, rows = [], 0
            for _, section in group:
                waiting.append(section)
                rows += len(section)
                if rows >= _FOLD_ROWS:
                    _fold(state, segment, waiting)
                    waiting, rows = [], 0
            if waiting:
                _fold(state, segment, waiting)
    for segment in segments:
        fold_contexts(state, segment.contexts(shards))
    return state


def _fold(state: State, segment: Segment, sections: list[Section]) -> None:
    batch, file, row = prepared(sections, segment.content, segment.columns)
    if len(row):
        state.fold(batch, file=file, rows=row)


class StoredDay:
    """The day of a work directory."""

    def __init__(self, work: Work, secret: Secret, settings: Settings) -> None:
        account = work.account()
        self.settings, self.secret, self.key = settings, secret, secret.key
        self.is_text, self.has_addresses = account.content != "token ids", "client_address" in account.columns
        self._work, self._columns = work, account.columns
        self.units = units_of(account.scored + len(work.redelivered))  # of all that was measured
        self._calls_of_unit = account.scored // self.units
        self._hours = list(account.hours)
        self.calls_of_panes = calls_of_panes(account.hours, settings)
        self.panes = sorted(self.calls_of_panes)
        self.prompts = StoredPrompts(work, self.units)
        self._copies: Copies | None = None

    def grouped(self) -> Groups:
        """As in ``Day``."""
        path = self._work.once("groups")
        if not path.exists():
            save_groups(path, group_prompts(StoredPrompts(self._work, self.units), self.key, self.settings))
            self._work.once("forest").unlink(missing_ok=True)
            memory.settle()
        groups = load_groups(path)
        self._copies = copies_of(groups, self.prompts)
        return groups

    def rest(self) -> None:
        """As in ``Day``."""
        memory.settle()

    @cached_property
    def people(self) -> People:
        """As in ``Day``."""
        paths = self._folded(ACCOUNTS, None)
        memory.settle()
        return StoredPeople(paths, self._known_copies())

    def _known_copies(self) -> Copies:
        """Texts that are one: known once the prompts are grouped."""
        if self._copies is None:
            self.grouped()
        assert self._copies is not None
        return self._copies

    def _folded(self, stage: str, days: Sequence[Sequence[int]] | None) -> list[Path]:
        """Files of the units of a stage; those that are not there yet are made, for all groups of panes at once."""
        segments = self._work.segments()
        stages = [stage] if days is None else [stage_of(panes) for panes in days]
        waiting = [unit for unit in range(self.units) if not all(self._work.unit(one, unit).exists() for one in stages)]
        if waiting and self.calls_of_panes and all(segment.is_empty for segment in segments):
            raise StateError("these days were not folded where their calls are: a run of too many days for a cluster")
        step = progress.steps("folding", len(waiting))

        def unit(number: int) -> None:
            self.fold(number, {stage: None} if days is None else dict(zip(stages, days, strict=True)))
            step()

        threads.each(unit, waiting, self._calls_of_unit * _FOLD_BYTES)
        return [self._work.unit(one, number) for one in stages for number in range(self.units)]

    def fold(self, number: int, stages: Mapping[str, Sequence[int] | None]) -> None:
        """Fold a unit into files; stages : name of each, and the panes of time that it is of, None = all"""
        state = folded(self._work.segments(), shards_of(number, self.units), self.secret, self.settings)
        state.columns = set(self._columns)
        for stage, panes in stages.items():
            calls = None
            state.days = self._days_of(panes)
            if panes is None:
                population, calls = fold(state)
            else:
                population, _ = accounts_of(state, panes)
            totals = totals_of(population, self.key, self.settings.calls_min)
            save_unit(self._work.unit(stage, number), population, calls, totals)

    def _days_of(self, panes: Sequence[int] | None) -> tuple[int, int] | None:
        """First and last UTC day with a call of some panes, or of all."""
        width = self.settings.pane_us
        days = [hour // 24 for hour in self._hours if panes is None or hour * HOUR_US // width in panes]
        return (min(days), max(days)) if days else None

    def calls(self, unit: int) -> UnitCalls:
        """As in ``Day``."""
        return calls_of_unit(self._work.unit(ACCOUNTS, unit))

    def of_panes(self, days: Sequence[Sequence[int]]) -> list[People]:
        """As in ``Day``."""
        if len(days) == 1 and self.panes == list(days[0]):
            return [self.people]
        paths = self._folded("", days)
        copies = self._known_copies()
        return [StoredPeople(paths[at : at + self.units], copies) for at in range(0, len(paths), self.units)]
