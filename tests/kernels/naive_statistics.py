"""Naive twins of the kernels behind statistics: plain Python over lists and sets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

Vector = Sequence[int]


def product(left: Vector, right: Vector) -> int:
    """Inner product."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def distance(left: Vector, right: Vector) -> float:
    """Between unit vectors; a zero vector is at right angles to everything."""
    length = math.sqrt(product(left, left) * product(right, right))
    cosine = product(left, right) / length if length else 0.0
    return math.sqrt(max(0.0, 2.0 - 2.0 * cosine))


def nearest_earlier(calls: Sequence[Vector]) -> list[float]:
    """Of each call but the first."""
    return [min(distance(call, earlier) for earlier in calls[:place]) for place, call in enumerate(calls) if place]


def alike_pairs(prompts: Sequence[int], signatures: Sequence[Vector], wordy: Sequence[bool], least: int) -> int:
    """Pairs of the same prompt, or of two with words enough whose signatures share ``least`` slots."""
    count = 0
    for left, right in combinations([prompt for prompt in prompts if prompt >= 0], 2):
        slots = sum(a == b for a, b in zip(signatures[left], signatures[right], strict=True))
        count += left == right or bool(wordy[left] and wordy[right] and slots >= least)
    return count


def cell(call: Vector, directions: Sequence[Vector]) -> int:
    """Signs of the products, the first direction's in the highest bit."""
    return int("".join("1" if product(call, direction) >= 0 else "0" for direction in directions), 2)


def bottom_jaccard(left: set[int], right: set[int], size: int) -> float:
    """Share, among the ``size`` smallest of the union, of those in both."""
    union = sorted(left | right)[:size]
    return sum(value in left and value in right for value in union) / len(union)


def mean_jaccard(sets: Sequence[set[int]], neighbours: Sequence[int], account: int, size: int) -> float:
    """Over the neighbours that have any."""
    known = [sets[other] for other in neighbours if other >= 0 and sets[other]]
    if not known or not sets[account]:
        return math.nan
    return sum(bottom_jaccard(sets[account], other, size) for other in known) / len(known)


def unique_coverage(sets: Sequence[set[int]], neighbours: Sequence[int], account: int) -> tuple[float, float]:
    """(share of the group's prompts only one of it sent, the same expected of a random group)."""
    group = [account, *(other for other in neighbours if other >= 0)]
    held = Counter(prompt for member in group for prompt in sets[member])
    everywhere = Counter(prompt for one in sets for prompt in one)
    total = sum(held.values())
    if len(group) < 2 or total == 0:
        return math.nan, math.nan
    chance = [
        (1 - (everywhere[prompt] - 1) / max(1, len(sets) - 1)) ** (len(group) - 1)
        for member in group
        for prompt in sets[member]
    ]
    return sum(count == 1 for count in held.values()) / total, sum(chance) / total
