"""Distinct prompts on disk, found in the segments a unit at a time; and their groups, once they are known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from gauger.engine.common import memory, progress, threads
from gauger.engine.common.shards import shards_of
from gauger.engine.families.families import Groups
from gauger.engine.families.frames import Frames, Grams, Matcher
from gauger.engine.families.prompts import CountedPrompts
from gauger.engine.families.slots import SlotFigures
from gauger.engine.segments.arrays import read_arrays, write_arrays
from gauger.engine.segments.columns import PROMPT
from gauger.engine.segments.work import Work

_SLICE = 65_536  # prompts whose grams are handed on at once


class StoredPrompts:
    """The distinct prompts of a work directory, found in its segments a unit at a time."""

    def __init__(self, work: Work, units: int) -> None:
        self._work, self._units = work, units

    def _unit(self, number: int, *, grams: bool) -> dict[str, np.ndarray]:
        """Columns of a unit's distinct prompts in order of hash; ``values``, their grams, if asked for."""
        shards = shards_of(number, self._units)
        parts = [part for segment in self._work.segments() for part in segment.prompts(shards)]
        if not parts:
            return {}
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "values"}
        hashes = columns["hash"]
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        fresh = np.ones(len(order), bool)
        fresh[1:] = np.any(hashes[order[1:]] != hashes[order[:-1]], axis=1)
        starts = np.flatnonzero(fresh)
        rows = order[starts]
        found = {name: values[rows] for name, values in columns.items()}
        found["calls"] = np.add.reduceat(columns["calls"][order].astype(np.int64), starts)
        if grams:
            offsets = np.concatenate([[0], np.cumsum(columns["grams"], dtype=np.int64)])
            found["offsets"], found["order"] = offsets, rows
            found["values"] = np.concatenate([part["values"] for part in parts])
        return found

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """Columns of all prompts, put in place unit after unit: twice of them is too much for a large day.

        There is room for all prompts of all blocks; what is not written is never memory.
        """
        most = self._work.prompts()
        found = {name: np.empty((most, entries) if entries > 1 else most, dtype) for name, dtype, entries in PROMPT}
        found["calls"] = np.empty(most, np.int64)
        end = 0
        workers = memory.at_once(2 * self._work.prompt_bytes() // self._units, threads.count())
        for unit in threads.ahead(partial(self._unit, grams=False), range(self._units), str, workers):
            if isinstance(unit, dict) and unit:
                start, end = end, end + len(unit["hash"])
                for name, values in unit.items():
                    found[name][start:end] = values
        return {name: values[:end] for name, values in found.items()}

    @property
    def hashes(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["hash"]

    @property
    def signatures(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["signature"]

    @property
    def words(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["words"]

    @property
    def calls(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["calls"]

    def sample(self, size: int) -> Grams:
        """As in ``PromptTable``: the first units hold the smallest hashes."""
        parts = [Grams(np.zeros(1, np.int64), np.zeros(0, np.uint32))]
        for number in range(self._units):
            for _, grams in self._slices(number, 0):
                parts.append(grams)
                size -= len(grams)
            if size <= 0:
                break
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.offsets) for part in parts]))])
        whole = Grams(offsets.astype(np.int64), np.concatenate([part.values for part in parts]))
        return whole if size >= 0 else whole.take(np.arange(len(whole) + size))

    def slices(self) -> Iterator[tuple[np.ndarray, Grams]]:
        """As in ``PromptTable``."""
        first, step = 0, progress.steps("matching prompts", self._units)
        for number in range(self._units):
            for places, grams in self._slices(number, first):
                yield places, grams
                first += len(grams)
            step()

    def _slices(self, number: int, first: int) -> Iterator[tuple[np.ndarray, Grams]]:
        found = self._unit(number, grams=True)
        if not found:
            return
        whole = Grams(found["offsets"], found["values"])
        for start in range(0, len(found["order"]), _SLICE):
            rows = found["order"][start : start + _SLICE]
            yield first + start + np.arange(len(rows)), whole.take(rows)


_GROUPS = ("of_prompt", "kinds", "signatures", "calls", "of_frame")
_FRAMES = ("distinct", "posting_offsets", "posting_frames", "sizes", "needed", "members", "parents")
_SLOTS = ("offsets", "values", "evenness", "coverage", "prompts")


def save_groups(path: Path, groups: Groups, prompts: CountedPrompts) -> None:
    """Write the groups of a day, with what is asked of its prompts afterwards."""
    parts = ((groups, "", _GROUPS), (groups.matcher.frames, "frame ", _FRAMES), (groups.slots, "slot ", _SLOTS))
    arrays = {f"{kind}{name}": getattr(part, name) for part, kind, names in parts for name in names}
    known = {"prompt hashes": prompts.hashes, "prompt calls": prompts.calls}
    numbers = {"width": np.asarray([groups.matcher.frames.width]), "similarity": np.asarray([groups.similarity])}
    write_arrays(path, {**arrays, **known, **numbers})


class KnownPrompts:
    """Prompts whose groups are known: their hashes and calls, and no more."""

    def __init__(self, hashes: np.ndarray, calls: np.ndarray) -> None:
        self.hashes, self.calls = hashes, calls


def load_groups(path: Path) -> tuple[Groups, KnownPrompts]:
    """The inverse of ``save_groups``."""
    found = read_arrays(path)
    frames = Frames(**{name: found[f"frame {name}"] for name in _FRAMES}, width=int(found["width"][0]))
    groups = Groups(
        **{name: found[name] for name in _GROUPS},
        matcher=Matcher(frames),
        slots=SlotFigures(*(found[f"slot {name}"] for name in _SLOTS)),
        similarity=float(found["similarity"][0]),
    )
    return groups, KnownPrompts(found["prompt hashes"], found["prompt calls"])
