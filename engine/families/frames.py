"""Frames of template families, made ready for matching: which frame a prompt holds, and which variant of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.settings import GRAM_WIDTH
from gauger.kernels.families import frames as kernels

CONTAINED_PERCENT = 80  # a prompt holds a frame when it has this share of its grams
_SHARING_MAX = 40  # frames that share one gram are compared with this many others
_SLICE = 16_384


def contained(sizes: np.ndarray) -> np.ndarray:
    """How many of a frame's grams a prompt must hold to hold the frame."""
    return -(-sizes * CONTAINED_PERCENT // 100)


@dataclass(frozen=True)
class Grams:
    """Frame grams of n prompts in canonical order."""

    offsets: np.ndarray  # int64[n + 1]
    values: np.ndarray  # uint32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, prompts: np.ndarray) -> Grams:
        """The grams of some prompts, in the order given."""
        sizes = np.diff(self.offsets)[prompts]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(self.offsets[prompts], sizes)
        return Grams(offsets.astype(np.int64), self.values[places])


@dataclass(frozen=True)
class Frames:
    """f frames and variants of frames, in postings form: which of them hold each gram.

    A variant holds only the grams that tell it from its siblings; a prompt that holds its parent is asked for those.
    """

    distinct: np.ndarray  # uint32[g], sorted
    posting_offsets: np.ndarray  # int64[g + 1]
    posting_frames: np.ndarray  # int32
    sizes: np.ndarray  # int64[f], grams of each frame
    needed: np.ndarray  # int64[f], how many of its grams a prompt must hold
    members: np.ndarray  # int64[f], prompts it was learnt from
    parents: np.ndarray  # int32[f], the frame a variant is of; -1 for frames. Parents come before their variants
    width: int  # tokens in a gram

    def __len__(self) -> int:
        return len(self.sizes)

    @staticmethod
    def of(
        frame: np.ndarray,
        gram: np.ndarray,
        members: np.ndarray,
        parents: np.ndarray | None = None,
        needed: np.ndarray | None = None,
        width: int = GRAM_WIDTH,
    ) -> Frames:
        """Frames from distinct (frame, gram) pairs; none are variants, and 80 % of the grams needed, unless told."""
        order = np.lexsort((frame, gram))
        distinct, starts = np.unique(gram[order].astype(np.uint32), return_index=True)
        sizes = np.bincount(frame, minlength=len(members)).astype(np.int64)
        if parents is None:
            parents = np.full(len(members), -1, np.int32)
        if needed is None:
            needed = contained(sizes)
            needed[parents < 0] = np.maximum(width, needed[parents < 0])
        return Frames(
            distinct,
            np.append(starts, len(order)).astype(np.int64),
            frame[order].astype(np.int32),
            sizes,
            needed,
            np.asarray(members, np.int64),
            np.asarray(parents, np.int32),
            width,
        )

    def extended(
        self, grams: Sequence[np.ndarray], members: list[int], parents: list[int], needed: list[int]
    ) -> Frames:
        """These frames, and more of them behind, each with its grams."""
        frame, gram = self.pairs()
        sizes = [len(one) for one in grams]
        return Frames.of(
            np.concatenate([frame, np.repeat(len(self) + np.arange(len(grams)), sizes)]),
            np.concatenate([gram, *(one.astype(np.uint32) for one in grams)]),
            np.concatenate([self.members, np.asarray(members, np.int64)]),
            np.concatenate([self.parents, np.asarray(parents, np.int32)]),
            np.concatenate([self.needed, np.asarray(needed, np.int64)]),
            self.width,
        )

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct (frame, gram) pairs, by gram."""
        return self.posting_frames, np.repeat(self.distinct, np.diff(self.posting_offsets))

    def grams_of(self, frame: int) -> np.ndarray:
        """Sorted grams of one frame, uint32; of a variant, only those that tell it from its siblings."""
        frames, grams = self.pairs()
        return grams[frames == frame]

    def roots(self) -> np.ndarray:
        """The frame each frame or variant is of in the end, int64[f]."""
        root = np.arange(len(self))
        for frame in np.flatnonzero(self.parents >= 0).tolist():
            root[frame] = root[self.parents[frame]]
        return root

    def shared(self) -> tuple[np.ndarray, np.ndarray]:
        """Sorted keys left * f + right of pairs of frames with grams in common (both ways), and how many."""
        width = np.diff(self.posting_offsets)
        owner = np.repeat(np.arange(len(width)), width)
        keys = []
        for step in range(1, min(_SHARING_MAX, int(width.max(initial=0)))):
            starts = np.flatnonzero(owner[step:] == owner[:-step])
            left = self.posting_frames[starts].astype(np.int64)
            right = self.posting_frames[starts + step].astype(np.int64)
            keys += [left * len(self) + right, right * len(self) + left]
        return np.unique(np.concatenate([*keys, np.zeros(0, np.int64)]), return_counts=True)


FRAME_ARRAYS = ("distinct", "posting_offsets", "posting_frames", "sizes", "needed", "members", "parents")  # as kept
NO_FRAMES = Frames.of(np.zeros(0, np.int32), np.zeros(0, np.uint32), np.zeros(0, np.int64))


class Matcher:
    """Frames ready for matching: one hash look-up a gram, no allocation that grows with the stream."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        index = np.full(1 << int(np.ceil(np.log2(max(16, 4 * len(frames.distinct))))), -1, np.int32)
        kernels.index_grams(frames.distinct, index)
        rank = np.empty(len(frames), np.int64)
        rank[np.lexsort((np.arange(len(frames)), -frames.sizes, -frames.members))] = np.arange(len(frames))
        self._table = kernels.Table(
            frames.distinct, index, frames.posting_offsets, frames.posting_frames, frames.sizes, frames.needed,
            frames.parents, rank, *frames.shared(),
        )  # fmt: skip

    def match(self, grams: Grams) -> np.ndarray:
        """Frame or variant of each prompt, -1 for none; int32[n]."""
        if len(self.frames) == 0:
            return np.full(len(grams), -1, np.int32)
        parts = threads.blocks(lambda start, stop: self._part(grams, start, stop), len(grams), _SLICE)
        return np.concatenate([np.zeros(0, np.int32), *parts])

    def _part(self, grams: Grams, start: int, stop: int) -> np.ndarray:
        part = kernels.Grams(grams.offsets[start : stop + 1], grams.values)
        labels = np.empty(stop - start, np.int32)
        kernels.match_frames(part, self._table, self.frames.width, CONTAINED_PERCENT, labels)
        return labels
