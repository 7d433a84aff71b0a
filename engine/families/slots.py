"""What fills the slots of template families: how many slots, how many values in each, how much of their grid is sent.

A slot is what lies between two grams of the frame. Grams are five tokens wide, so that constant
text of fewer than five tokens between two slots holds no gram of the frame and they show as one run. Where such a run
gives itself away as two short slots, it is told apart by its sides: with m tokens in between, its first m + 1 grams
depend on the left slot alone (on its first m + 1 tokens), its last m + 1 on the right one. "List tasks that ROLE can
assist ROLE together" is found that way.

Numbers are one token to frames, so that a slot that holds nothing but a number is not seen; and case is not.

Which anchors stand before a slot is decided on the sample that frames are learnt from; values are then counted over
all prompts, in bottom-k sketches: exact below VALUES_KEPT values of a slot, within 4.4 % (one standard error,
1 / sqrt(VALUES_KEPT - 2)) above. Both are functions of the set of prompts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gauger.engine.families.frames import Frames, Grams
from gauger.kernels.families import slots as kernels

SLOTS_MAX = 8  # of a frame, those most prompts fill
VALUES_KEPT = 512  # of a slot: 8 kB
_FILLED_MIN = 0.5  # share of a frame's sampled prompts that fill what counts as a slot
_REPEATED = 2.0  # prompts a value, on average, from which a slot's values repeat
_SHORT_SHARE = 0.9  # of a run's fillings must be short enough for two slots of m + 1 tokens at most
_SLICE = 8_192


@dataclass(frozen=True)
class SlotFigures:
    """Slots of f frames. Slot numbers of frame i are offsets[i] .. offsets[i + 1], in the order they stand in."""

    offsets: np.ndarray  # int64[f + 1]
    values: np.ndarray  # int64[s], distinct values among the frame's distinct prompts
    evenness: np.ndarray  # float64[s], Pielou's: H / ln(values), 0 .. 1; NaN for a slot of one value
    coverage: np.ndarray  # float64[f], share of the grid already sent, 0 .. 1; NaN without a grid
    prompts: np.ndarray  # int64[f], distinct prompts

    def take(self, frames: np.ndarray) -> SlotFigures:
        """The figures of some frames, in the order given."""
        sizes = np.diff(self.offsets)[frames]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(self.offsets[frames], sizes)
        return SlotFigures(
            offsets, self.values[places], self.evenness[places], self.coverage[frames], self.prompts[frames]
        )


def _distinct(values: np.ndarray) -> int:
    return len(np.unique(values))


def _sides_of(grams: np.ndarray, values: np.ndarray) -> int:
    """Grams at either side that tell two short slots of one run apart, 0 where it is one slot.

    The largest number g whose left and right values both repeat, while whole runs are mostly combinations of them;
    two slots of at most g tokens with g - 1 tokens in between make 3 g + 3 grams.
    """
    whole = _distinct(values[:, 0])
    for sides in range(kernels.SIDES, 0, -1):
        left, right = _distinct(values[:, sides]), _distinct(values[:, kernels.SIDES + sides])
        most, least = max(left, right), min(left, right)
        short = np.mean(grams <= 3 * sides + 3) >= _SHORT_SHARE
        if short and least >= 2 and _REPEATED * most <= len(values) and whole >= 2 * most:
            return sides
    return 0


@dataclass(frozen=True)
class SlotCounts:
    """What was counted of some prompts, as bottom-k sketches of values: they merge, and the rest adds."""

    prompts: np.ndarray  # int64[f], distinct prompts of each frame
    totals: np.ndarray  # int64[r], values that each sketch was offered
    row: np.ndarray  # int64[e], ascending: the sketch of each value kept
    value: np.ndarray  # uint64[e], hashes, ascending in each row
    number: np.ndarray  # int64[e], prompts that carry each

    @staticmethod
    def merged(parts: Sequence[SlotCounts]) -> SlotCounts:
        """Of all prompts, each counted in one part: the least values of all are among the least of every part."""
        row, value, number = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "value", "number")
        )
        order = np.lexsort((value, row))
        row, value = row[order], value[order]
        fresh = np.ones(len(row), bool)
        fresh[1:] = (row[1:] != row[:-1]) | (value[1:] != value[:-1])
        starts = np.flatnonzero(fresh)
        number = np.add.reduceat(number[order], starts) if len(starts) else number
        row, value = row[starts], value[starts]
        kept = np.arange(len(row)) - np.searchsorted(row, row) < VALUES_KEPT
        prompts, totals = (np.sum([getattr(part, name) for part in parts], axis=0) for name in ("prompts", "totals"))
        return SlotCounts(prompts, totals, row[kept], value[kept], number[kept])


class SlotCounter:
    """Which slots the frames of a sample have; counts what fills them, in any prompts."""

    def __init__(self, frames: Frames, sample: Grams, labels: np.ndarray) -> None:
        """sample, labels : the grams of the sampled prompts and the frame of each (-1 = none)"""
        self._frames = len(frames)
        self._root = frames.roots()
        labels = self._rooted(labels)
        self._index(frames)
        runs = self._list(sample, labels)
        self._choose(runs, np.bincount(labels[labels >= 0], minlength=len(frames)))

    def _rooted(self, labels: np.ndarray) -> np.ndarray:
        return np.append(self._root, -1)[labels]

    def _index(self, frames: Frames) -> None:
        owners, grams = frames.pairs()
        order = np.lexsort((grams, owners))
        sizes = np.bincount(owners, minlength=len(frames))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        width = 1 << np.ceil(np.log2(np.maximum(8, 4 * sizes))).astype(np.int64)
        tables = np.concatenate([[0], np.cumsum(width)]).astype(np.int64)
        self._anchors = kernels.Anchors(tables, np.zeros(tables[-1], np.uint64))
        kernels.index_frames(kernels.Grams(offsets, grams[order]), self._anchors)

    def _list(self, sample: Grams, labels: np.ndarray) -> kernels.Runs:
        room = kernels.RUNS_MAX * _SLICE
        frame, place, grams = (np.empty(room, np.int64) for _ in range(3))
        runs = kernels.Runs(frame, np.empty(room, np.uint64), place, grams, np.empty((room, kernels.VALUES), np.uint64))
        parts = []
        for start in range(0, max(1, len(sample)), _SLICE):
            part = kernels.Grams(sample.offsets[start : start + _SLICE + 1], sample.values)
            found = kernels.list_runs(part, labels[start : start + _SLICE], self._anchors, runs)
            parts.append([column[:found].copy() for column in runs])
        return kernels.Runs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _choose(self, runs: kernels.Runs, members: np.ndarray) -> None:
        """Decide which anchors stand before a slot, which runs are two slots, and which slots make a grid."""
        order = np.lexsort((runs.anchor, runs.frame))
        fresh = np.ones(len(order), bool)
        frame, anchor = runs.frame[order], runs.anchor[order]
        fresh[1:] = (frame[1:] != frame[:-1]) | (anchor[1:] != anchor[:-1])
        starts = np.append(np.flatnonzero(fresh), len(order))
        slots: list[list[tuple[float, int, np.ndarray]]] = [[] for _ in members]
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            rows = order[start:end]
            # A run that never changes is a piece of the frame that learning left out.
            if len(rows) >= _FILLED_MIN * members[frame[start]] and _distinct(runs.values[rows, 0]) >= 2:
                slots[frame[start]].append((float(runs.place[rows].mean()), int(anchor[start]), rows))
        anchors: list[int] = []
        sides: list[int] = []
        first_rows: list[int] = []
        repeats: list[bool] = []
        owners: list[int] = []
        for number, found in enumerate(slots):
            largest = sorted(found, key=lambda slot: (-len(slot[2]), slot[1]))[:SLOTS_MAX]
            for _, name, rows in sorted(largest, key=lambda slot: slot[:2]):
                split = _sides_of(runs.grams[rows], runs.values[rows])
                anchors.append(name)
                sides.append(split)
                first_rows.append(len(repeats))
                for column in (split, kernels.SIDES + split) if split else (0,):
                    different = _distinct(runs.values[rows, column])
                    repeats.append(different >= 2 and _REPEATED * different <= len(rows))
                    owners.append(number)
        owner, repeated = np.asarray(owners, np.int64), np.asarray(repeats, bool)
        rows = np.asarray(first_rows, np.int64)
        self._offsets = np.searchsorted(owner, np.arange(self._frames + 1)).astype(np.int64)
        frame_repeats = np.bincount(owner[repeated], minlength=self._frames).astype(np.int64)
        grids = np.flatnonzero(frame_repeats >= 2)
        frame_rows = np.full(self._frames, -1, np.int64)
        frame_rows[grids] = len(owner) + np.arange(len(grids))
        self._sketches = len(owner) + len(grids)
        counted = np.zeros(self._sketches, np.uint8)
        counted[: len(owner)] = repeated
        self._slots = kernels.Slots(
            np.searchsorted(owner[rows], np.arange(self._frames + 1)).astype(np.int64), np.asarray(anchors, np.uint64),
            np.asarray(sides, np.int64), rows, counted, frame_repeats, frame_rows,
        )  # fmt: skip

    def count(self, slices: Iterable[tuple[Grams, np.ndarray]]) -> SlotCounts:
        """Count prompts, each distinct prompt once in all; with their grams comes the frame of each, -1 = none."""
        rows, prompts = self._sketches, np.zeros(self._frames, np.int64)
        kept, counts = np.zeros((rows, VALUES_KEPT), np.uint64), np.zeros((rows, VALUES_KEPT), np.int64)
        sketches = kernels.Sketches(kept, counts, np.zeros(rows, np.int64), np.zeros(rows, np.int64))
        for grams, found in slices:
            labels = self._rooted(found)
            prompts += np.bincount(labels[labels >= 0], minlength=self._frames)
            if len(self._slots.anchors):
                part = kernels.Grams(grams.offsets, grams.values)
                kernels.count_runs(part, labels, self._anchors, self._slots, sketches)
        used = np.arange(VALUES_KEPT) < sketches.sizes[:, None]
        return SlotCounts(prompts, sketches.totals, np.nonzero(used)[0], kept[used], counts[used])

    def figures(self, counts: SlotCounts) -> SlotFigures:
        """What was counted, of each frame; of a variant what the frame says that it is a variant of.

        values : of a slot, number of distinct values v, 1 .. prompts that fill it; with the sketch full, (k - 1) / h,
            h its largest hash in 0 .. 1
        evenness : H / ln(v), H the entropy of the values over the distinct prompts that fill the slot, -sum p ln p
            (with the sketch full, the sum over the k - 1 least hashes, divided by h: unbiased, but a frequent value may
            be missed)
        coverage : distinct combinations sent / product of v over the slots whose values repeat, where there are two or
            more of them; a slot's values repeat when a value is in two sampled prompts or more on average
        """
        distinct, entropy = _estimates(counts)
        slots = int(self._offsets[-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            evenness = np.where(distinct > 1, np.clip(entropy / np.log(distinct), 0.0, 1.0), np.nan)[:slots]
        coverage = np.full(self._frames, np.nan)
        for frame in np.flatnonzero(self._slots.frame_rows >= 0).tolist():
            own = slice(self._offsets[frame], self._offsets[frame + 1])
            grid = np.prod(distinct[own][self._slots.repeats[own] == 1])
            coverage[frame] = min(1.0, distinct[self._slots.frame_rows[frame]] / max(grid, 1.0))
        values = np.rint(distinct[:slots]).astype(np.int64)
        return SlotFigures(self._offsets, values, evenness, coverage, counts.prompts).take(self._root)


def _estimates(counts: SlotCounts) -> tuple[np.ndarray, np.ndarray]:
    """Number of distinct values of each bottom-k sketch, and the entropy of its values in nats; float64[rows]."""
    bounds = np.searchsorted(counts.row, np.arange(len(counts.totals) + 1))
    distinct = np.diff(bounds).astype(np.float64)
    entropy = np.zeros(len(distinct))
    for row, (start, end) in enumerate(pairwise(bounds.tolist())):
        full = end - start == VALUES_KEPT
        share = (float(counts.value[end - 1]) + 1.0) / 2.0**64 if full else 1.0
        used = end - 1 if full else end
        chance = counts.number[start:used] / max(1, counts.totals[row])
        distinct[row] = min((used - start) / share, counts.totals[row])
        entropy[row] = -float(chance @ np.log(chance)) / share
    return distinct, entropy
