"""Naive twins of the kernels behind families: plain Python over lists, as in ``naive``."""

from __future__ import annotations

from collections.abc import Sequence

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
