"""Naive twins of the kernels that learn and match template frames: dictionaries and sets, one prompt at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Prompts = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Counted:
    """What a gram's row of statistics says."""

    gram: int
    prompts: int
    occurrences: int


def counted(prompts: Prompts) -> list[Counted]:
    """Statistics of every gram, in order of first appearance."""
    found = []
    for gram in dict.fromkeys(gram for grams in prompts for gram in grams):
        occurrences = sum(list(grams).count(gram) for grams in prompts)
        found.append(Counted(gram, sum(gram in grams for grams in prompts), occurrences))
    return found


def tallied(prompts: Prompts, cells: int) -> list[int]:
    """Occurrences of the grams of each cell, up to 255."""
    number = Counter(gram % cells for grams in prompts for gram in grams)
    return [min(255, number[cell]) for cell in range(cells)]


def alike(prompts: Prompts, order: Sequence[int], percent: int) -> dict[int, int]:
    """Number of each gram: that of the first in order, of those like no earlier one, whose holders are like its own."""
    holders = {gram: {place for place, grams in enumerate(prompts) if gram in grams} for gram in order}
    found: dict[int, int] = {}
    leaders = 0
    for leader in order:
        if leader in found:
            continue
        for gram in order:
            both, either = holders[leader] & holders[gram], holders[leader] | holders[gram]
            if gram not in found and len(both) * 100 >= percent * len(either):
                found[gram] = leaders
        found[leader] = leaders
        leaders += 1
    return found


def main_atoms(identities: Sequence[int], least_grams: int, percent: int) -> list[int]:
    """Of the identities of a prompt's kept grams the commonest, of equals the least, and another that many have."""
    mine = Counter(identities)
    if mine.total() < least_grams:
        return [-1, -1]
    best = min(mine, key=lambda group: (-mine[group], group))
    second = [group for group in mine if group != best and mine[group] * 100 >= percent * mine.total()]
    return sorted([best, *(second or [-1])])


def atoms_of(numbers: Sequence[int], identity: Sequence[int], least_grams: int) -> tuple[list[int], list[bool]]:
    """Identities that enough grams of a prompt share, and which of its grams are part of an atom."""
    shared = Counter(identity[number] for number in numbers if identity[number] >= 0)
    found = [group for group, size in shared.items() if size >= least_grams]
    return found, [identity[number] in found for number in numbers]


def stands(
    atoms: Sequence[int],
    holders: Sequence[int],
    shared: dict[frozenset[int], int],
    ratio: int,
    nested_percent: int,
) -> tuple[list[int], list[int], list[int]]:
    """The atoms of one prompt that cross a larger one, those that stand beside a peer inside a larger one, and those
    that stand beside two peers.
    """
    crosses, nests, peers = set[int](), set[int](), Counter[int]()
    for one in atoms:
        for other in atoms:
            if one == other:
                continue
            nested = 100 * shared[frozenset((one, other))] >= nested_percent * min(holders[one], holders[other])
            if holders[other] >= ratio * holders[one]:
                (nests if nested else crosses).add(one)
            elif holders[one] < ratio * holders[other] and not nested:
                peers[one] += 1
    beside = [one for one in atoms if one in nests and peers[one] >= 1]
    return [one for one in atoms if one in crosses], beside, [one for one in atoms if peers[one] >= 2]


@dataclass(frozen=True)
class NaiveFrames:
    """Frames and variants as sets."""

    grams: Sequence[set[int]]
    needed: Sequence[int]
    parents: Sequence[int]
    rank: Sequence[int]
    least_grams: int
    percent: int

    def match(self, prompt: Sequence[int]) -> int:
        """The largest family's frame that the prompt holds, down to those nested in it, and to the variants of that."""
        hits = [len(grams & set(prompt)) for grams in self.grams]
        held = [f for f in range(len(self.grams)) if hits[f] >= max(1, self.needed[f])]
        held.sort(key=self.rank.__getitem__)
        best = -1
        for frame in [frame for frame in held if self.parents[frame] < 0]:
            grams, outer = self.grams[frame], self.grams[best] if best >= 0 else set[int]()
            larger = len(grams) >= len(outer) + self.least_grams
            if best < 0 or (larger and 100 * len(grams & outer) >= self.percent * len(outer)):
                best = frame
        while best >= 0:
            variants = [frame for frame in held if self.parents[frame] == best]
            if not variants:
                break
            best = max(variants, key=lambda f: (Fraction(hits[f], len(self.grams[f])), -self.rank[f]))
        return best
