"""Matching: which frame each prompt of a day holds, and what fills its slots.

Frames and slots are decided on a sample; then any prompts can be matched by themselves, in any parts and order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gauger.engine.common import progress
from gauger.engine.common.settings import Settings
from gauger.engine.families.frames import Grams, Matcher
from gauger.engine.families.slots import SlotCounter, SlotCounts, SlotFigures
from gauger.engine.families.templates import learn


@dataclass(frozen=True)
class Matched:
    """All prompts of a day, matched."""

    labels: np.ndarray  # int32[p], frame of each prompt, -1 = none
    matcher: Matcher
    slots: SlotFigures  # of each frame


class Matching:
    """The frames of a sample of prompts, and their slots."""

    def __init__(self, sample: Grams, settings: Settings) -> None:
        """sample : grams of the prompts with the smallest hashes, in their order"""
        progress.tell("learning frames")
        frames = learn(sample, settings.template_members, short_lines=settings.short_lines)
        self.matcher = Matcher(frames)
        self._slots = SlotCounter(frames, sample, self.matcher.match(sample))

    def match(self, slices: Iterable[tuple[np.ndarray, Grams]], labels: np.ndarray) -> SlotCounts:
        """Match prompts and count what fills their slots.

        slices : places in ``labels`` and the grams of the prompts there, each prompt once
        labels : int32[p], their frames are put here
        """

        def matched() -> Iterator[tuple[Grams, np.ndarray]]:
            for places, grams in slices:
                found = labels[places] = self.matcher.match(grams)
                yield grams, found

        return self._slots.count(matched())

    def figures(self, counts: SlotCounts) -> SlotFigures:
        """Figures of the slots, from the counts of all prompts."""
        return self._slots.figures(counts)
