"""Distinct prompts on disk: matched a unit at a time, then all of them compared; and their groups, once they are known.

units/prompts-07.arrays   a unit's distinct prompts with the frame of each, and what fills its slots
units/matched.arrays      the frames, once every unit is matched: grams are needed no more
units/forest.arrays       how far the search for near-duplicates got
units/groups.arrays       the groups
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from gauger.engine.common import progress, threads
from gauger.engine.common.settings import Settings
from gauger.engine.common.shards import shards_of
from gauger.engine.families.families import Groups
from gauger.engine.families.frames import FRAME_ARRAYS, Frames, Grams, Matcher
from gauger.engine.families.matching import Matched, Matching
from gauger.engine.families.slots import SlotCounts, SlotFigures
from gauger.engine.segments.arrays import read_arrays, read_joined, write_arrays
from gauger.engine.segments.columns import PROMPT
from gauger.engine.segments.work import Work

_SLICE = 65_536  # prompts whose grams are handed on at once
_COUNTS = ("prompts", "totals", "row", "value", "number")
_SLOTS = ("offsets", "values", "evenness", "coverage", "prompts")


class BookmarkFile:
    """A ``Bookmark`` in a work directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, np.ndarray]:
        """As in ``Bookmark``."""
        return read_arrays(self._path) if self._path.exists() else {}

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        """As in ``Bookmark``."""
        write_arrays(self._path, arrays)


def matched_unit(
    matching: Matching, found: dict[str, np.ndarray], grams: Grams, rows: np.ndarray
) -> dict[str, np.ndarray]:
    """The file of a unit that is matched.

    found : columns of its distinct prompts; grams, rows : where theirs are in these
    """
    labels = np.empty(len(rows), np.int32)

    def slices() -> Iterator[tuple[np.ndarray, Grams]]:
        for start in range(0, len(rows), _SLICE):
            own = rows[start : start + _SLICE]
            yield np.arange(start, start + len(own)), grams.take(own)

    counts = matching.match(slices(), labels)
    return {**found, "frame": labels, **{f"count {name}": getattr(counts, name) for name in _COUNTS}}


class StoredPrompts:
    """The distinct prompts of a work directory. They are known once they are matched."""

    def __init__(self, work: Work, units: int) -> None:
        self._work, self._units = work, units
        self.bookmark = BookmarkFile(work.once("forest"))

    def distinct(self, number: int) -> tuple[dict[str, np.ndarray], Grams, np.ndarray]:
        """Columns of a unit's distinct prompts in order of hash, grams of its segments, and where in these theirs are.

        A prompt that was sent in several blocks lies in each: its calls are added up, without those delivered before.
        """
        shards = shards_of(number, self._units)
        parts = [part for segment in self._work.segments() for part in segment.prompts(shards)] or [_NO_PROMPTS]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        grams = Grams(np.concatenate([[0], np.cumsum(columns["grams"], dtype=np.int64)]), columns.pop("values"))
        hashes = columns["hash"]
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        fresh = np.ones(len(order), bool)
        fresh[1:] = np.any(hashes[order[1:]] != hashes[order[:-1]], axis=1)
        starts = np.flatnonzero(fresh)
        rows = order[starts]
        found = {name: columns[name][rows] for name in ("hash", "signature", "words")}
        calls = columns["calls"][order].astype(np.int64)
        found["calls"] = np.add.reduceat(calls, starts) if len(starts) else calls
        if len(self._work.redelivered):
            found["calls"] -= self._work.redelivered.with_prompts(found["hash"], shards)
        return found, grams, rows

    def _column(self, name: str) -> np.ndarray:
        """A column of all prompts."""
        return read_joined([self._work.unit("prompts", number) for number in range(self._units)], name)

    @cached_property
    def hashes(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._column("hash")

    @cached_property
    def signatures(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._column("signature")

    @cached_property
    def words(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._column("words")

    @cached_property
    def calls(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._column("calls")

    def matched(self, settings: Settings) -> Matched:
        """As in ``PromptTable``. What is read here, the bulk of the work directory, goes once all is matched."""
        path = self._work.once("matched")
        if not path.exists():
            matching = Matching(self._sample(settings.template_sample), settings)
            waiting = [number for number in range(self._units) if not self._work.unit("prompts", number).exists()]
            step = progress.steps("matching prompts", len(waiting))

            def unit(number: int) -> None:
                self._match(matching, number)
                step()

            threads.each(unit, waiting, 3 * self._work.prompt_bytes() // self._units)
            self.conclude(matching)
        self._work.drop_prompts()
        frames, slots = _loaded(read_arrays(path))
        return Matched(self._column("frame"), Matcher(frames), slots)

    def conclude(self, matching: Matching) -> None:
        """Every unit is matched: figures of the frames, from the counts of all."""
        counts = [self._counts(number) for number in range(self._units)]
        figures = matching.figures(SlotCounts.merged(counts))
        write_arrays(self._work.once("matched"), _stored(matching.matcher.frames, figures))

    def _match(self, matching: Matching, number: int) -> None:
        """Match a unit, into its file."""
        write_arrays(self._work.unit("prompts", number), matched_unit(matching, *self.distinct(number)))

    def _counts(self, number: int) -> SlotCounts:
        found = read_arrays(self._work.unit("prompts", number), [f"count {name}" for name in _COUNTS])
        return SlotCounts(*(found[f"count {name}"] for name in _COUNTS))

    def _sample(self, size: int) -> Grams:
        """Grams of so many prompts with the smallest hashes, which the first units hold."""
        parts = [Grams(np.zeros(1, np.int64), np.zeros(0, np.uint32))]
        for number in range(self._units):
            if size <= 0:
                break
            _, grams, rows = self.distinct(number)
            parts.append(grams.take(rows[:size]))
            size -= len(rows)
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.offsets) for part in parts]))])
        return Grams(offsets.astype(np.int64), np.concatenate([part.values for part in parts]))


_NO_PROMPTS: dict[str, np.ndarray] = {
    **{name: np.zeros((0, entries) if entries > 1 else 0, dtype) for name, dtype, entries in PROMPT},
    "values": np.zeros(0, np.uint32),
}


def _stored(frames: Frames, slots: SlotFigures) -> dict[str, np.ndarray]:
    """Frames and the figures of their slots as arrays."""
    parts = ((frames, "frame ", FRAME_ARRAYS), (slots, "slot ", _SLOTS))
    arrays = {f"{kind}{name}": getattr(part, name) for part, kind, names in parts for name in names}
    return {**arrays, "width": np.asarray([frames.width])}


def _loaded(found: dict[str, np.ndarray]) -> tuple[Frames, SlotFigures]:
    """The inverse."""
    frames = Frames(**{name: found[f"frame {name}"] for name in FRAME_ARRAYS}, width=int(found["width"][0]))
    return frames, SlotFigures(*(found[f"slot {name}"] for name in _SLOTS))


_GROUPS = ("of_prompt", "kinds", "signatures", "calls", "of_frame")


def save_groups(path: Path, groups: Groups) -> None:
    """Write the groups of a day."""
    arrays = {name: getattr(groups, name) for name in _GROUPS} | _stored(groups.matcher.frames, groups.slots)
    write_arrays(path, {**arrays, "similarity": np.asarray([groups.similarity])})


def load_groups(path: Path) -> Groups:
    """The inverse of ``save_groups``."""
    found = read_arrays(path)
    frames, slots = _loaded(found)
    return Groups(
        **{name: found[name] for name in _GROUPS},
        matcher=Matcher(frames),
        slots=slots,
        similarity=float(found["similarity"][0]),
    )
