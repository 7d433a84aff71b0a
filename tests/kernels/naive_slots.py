"""Naive twins of ``kernels/families/slots.py``: runs by splitting lists, distinct values by dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from gauger.kernels.families.slots import HEAD
from tests.kernels.naive import MASK, fold_multiply, mix

GOLDEN, START, FACTOR = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F


def run_hash(run: Sequence[int]) -> int:
    """Hash of a run of grams."""
    state = START
    for gram in run:
        state = fold_multiply(state ^ (gram + 1), FACTOR)
    return mix(state, GOLDEN)


def runs(grams: Sequence[int], frame: Collection[int]) -> dict[int, list[int]]:
    """The first run of grams outside the frame after each anchor, in order."""
    found: dict[int, list[int]] = {}
    pieces: list[tuple[int, list[int]]] = [(HEAD, [])]
    for gram in grams:
        if gram in frame:
            pieces.append((gram, []))
        else:
            pieces[-1][1].append(gram)
    for anchor, run in pieces:
        if run:
            found.setdefault(anchor, run)
    return found


def parts(run: Sequence[int], sides: int) -> list[int]:
    """Values of a slot: of the whole run, or of its first and its last ``sides`` grams."""
    return [run_hash(run)] if sides == 0 else [run_hash(run[:sides]), run_hash(run[-sides:])]


def combination(values: dict[int, int]) -> int:
    """Hash of the values of several sketch rows."""
    return mix(sum(mix(value ^ (row + 1), FACTOR) for row, value in values.items()) & MASK, GOLDEN)


def bottom(values: Sequence[int], k: int) -> list[tuple[int, int]]:
    """The ``k`` least distinct values and how often each occurs."""
    return sorted(Counter(values).items())[:k]
