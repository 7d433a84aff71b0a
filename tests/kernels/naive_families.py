"""Naive twins of the kernels behind families: plain Python over lists, as in ``naive``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.kernels.naive import components

Edge = tuple[int, int, int]  # smaller place, larger place, equal slots
Row = Sequence[int]


def equal_slots(left: Row, right: Row) -> int:
    """Number of equal slots."""
    return sum(a == b for a, b in zip(left, right, strict=True))


def edges(buckets: list[list[int]], rows: Sequence[Row], least: int, strong: list[int], heads: int) -> list[Edge]:
    """Each member of a bucket against the first ones and the previous one, unless strongly joined already."""
    found = []
    for bucket in buckets:
        for at, right in enumerate(bucket):
            others = bucket[: min(heads, at)] + ([bucket[at - 1]] if at > heads else [])
            for left in others:
                same = equal_slots(rows[left], rows[right])
                if strong[left] != strong[right] and same >= least:
                    found.append((left, right, same))
    return found


class Clusters:
    """Lists of members, by their least one."""

    def __init__(self, size: int, rows: Sequence[Row], least: int, sample: int, spared: int) -> None:
        self.members = {place: [place] for place in range(size)}
        self.rows, self.least, self.sample, self.spared = rows, least, sample, spared

    def of(self, place: int) -> int:
        """The cluster of a place."""
        return next(name for name, members in self.members.items() if place in members)

    def likeness(self, left: int, right: int) -> float | None:
        """Mean equal slots of the cross pairs of the samples; None where the clusters do not fit."""
        samples = [sorted(self.members[name])[: self.sample] for name in (left, right)]
        same = [equal_slots(self.rows[a], self.rows[b]) for a in samples[0] for b in samples[1]]
        return None if sum(value < self.least for value in same) > len(same) // self.spared else sum(same) / len(same)

    def unite(self, left: int, right: int) -> int:
        """Make one of two; returns its name."""
        both = self.members.pop(left) + self.members.pop(right)
        self.members[min(both)] = both
        return min(both)


def settle(
    size: int, forest: list[Edge], rows: Sequence[Row], levels: list[int], least: int, sample: int, spared: int,
    leaders_most: int,
) -> list[int]:  # fmt: skip
    """Least place of the family of each place. forest : most equal first."""
    clusters = Clusters(size, rows, least, sample, spared)
    above = 10**9
    for level in levels:
        fresh = [edge for edge in forest if level <= edge[2] < above]
        for left, right, _ in fresh:
            if clusters.likeness(clusters.of(left), clusters.of(right)) is not None:
                clusters.unite(clusters.of(left), clusters.of(right))
        linked = components(size, [(left, right) for left, right, same in forest if same >= level])
        for component in sorted({linked[left] for left, _, _ in fresh}):
            inside = [name for name in sorted(clusters.members) if linked[name] == component]
            leaders: list[int] = []
            for name in sorted(inside, key=lambda one: (-len(clusters.members[one]), one)):
                fits = [(clusters.likeness(leader, name), at) for at, leader in enumerate(leaders)]
                good = [(-value, at) for value, at in fits if value is not None and value > 0]
                if good:
                    at = min(good)[1]
                    leaders[at] = clusters.unite(leaders[at], name)
                elif len(leaders) < leaders_most:
                    leaders.append(name)
        above = level
    return [clusters.of(place) for place in range(size)]


@dataclass
class Slot:
    """A prompt in a streaming table."""

    row: Row
    hashed: tuple[int, ...]
    family: int  # 0 = a candidate
    calls: int = 1
    used: int = 0
    varied: bool = False


class StreamingTable:
    """The streaming table over lists and dictionaries: buckets by band and low bits, newest entry first."""

    def __init__(self, half: int, buckets: int, ways: int, same_most: int, clock_steps: int, used_most: int) -> None:
        self.slots: list[Slot | None] = [None] * (2 * half)
        self.entries: dict[tuple[int, int, bool], list[tuple[int, int]]] = {}
        self.half, self.buckets, self.ways, self.same_most = half, buckets, ways, same_most
        self.clock_steps, self.used_most, self.hands = clock_steps, used_most, [0, 0]
        self.evicted: list[tuple[int, int, bool]] = []

    def _bands(self, row: Row) -> list[tuple[int, int, int]]:
        values = [int.from_bytes(bytes(row[4 * band : 4 * band + 4]), "little") for band in range(32)]
        return [(band, value % self.buckets, value >> 20) for band, value in enumerate(values)]

    def nearest(self, row: Row, least: int, sure: int, compared_most: int) -> int | None:
        """Slot of the most alike representative, else of the most alike candidate."""
        best, best_rank, last, compared = None, (False, 0), None, 0
        for band, bucket, tag in self._bands(row):
            for candidates in (False, True):
                for own, number in self.entries.get((band, bucket, candidates), []):
                    slot = self.slots[number]
                    if own != tag or slot is None or number in (best, last):
                        continue
                    last, compared = number, compared + 1
                    rank = (number < self.half, equal_slots(row, slot.row))
                    if rank[1] >= least and rank > best_rank:
                        best, best_rank = number, rank
            if best_rank >= (True, sure) or compared >= compared_most:
                break
        return best

    def put(self, number: int, slot: Slot) -> None:
        """Fill a slot and lead to it."""
        self.slots[number] = slot
        for band, bucket, tag in self._bands(slot.row):
            entries = self.entries.setdefault((band, bucket, number >= self.half), [])
            same = [at for at, (own, _) in enumerate(entries) if own == tag]
            if len(same) >= self.same_most:
                del entries[same[self.same_most - 1]]
            entries.insert(0, (tag, number))
            del entries[self.ways :]

    def free(self) -> int:
        """The clock's choice."""
        for _ in range(self.clock_steps):
            number = self.hands[0]
            self.hands[0] = (number + 1) % self.half
            slot = self.slots[number]
            if slot is None or slot.used == 0:
                return number
            slot.used -= 1
        return number

    def assign(
        self, row: Row, hashed: tuple[int, ...], fresh_id: int, least: int, sure: int, compared_most: int
    ) -> int:
        """Family of a prompt, ``fresh_id`` when it starts one, 0 when it is alone."""
        number = self.nearest(row, least, sure, compared_most)
        if number is None:
            self.put(self.half + self.hands[1], Slot(row, hashed, 0))
            self.hands[1] = (self.hands[1] + 1) % self.half
            return 0
        slot = self.slots[number]
        assert slot is not None
        if number >= self.half:
            self.slots[number], number = None, self.free()
            old = self.slots[number]
            if old is not None:
                self.evicted.append((old.family, old.calls, old.varied))
            slot = Slot(slot.row, slot.hashed, fresh_id)
            self.put(number, slot)
        slot.calls += 1
        slot.used = min(slot.used + 1, self.used_most)
        slot.varied |= hashed != slot.hashed
        return slot.family
