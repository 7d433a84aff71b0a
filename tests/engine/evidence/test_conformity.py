"""Conformity and shared values against loops, and what they find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gauger.engine.evidence.calibration import tail_probability
from gauger.engine.evidence.conformity import BINS, GROUPS, NEIGHBOURS_MIN, group_score, habit_likeness
from gauger.engine.evidence.shared_addresses import shared_values

ALL = GROUPS["conformity_habits"]


def habits(count: int, seed: int) -> dict[str, np.ndarray]:
    """Independent statistics, a tenth of each not available."""
    random = np.random.default_rng(seed)
    result = {}
    for name in ALL:
        result[name] = random.normal(size=count)
        result[name][random.random(count) < 0.1] = np.nan
    return result


def bin_of(value: float, edges: list[float]) -> int:
    return BINS if math.isnan(value) else sum(value >= edge for edge in edges)


def edges_of(known: list[float]) -> list[float]:
    known = [value for value in known if not math.isnan(value)]
    return [float(np.quantile(known, i / BINS)) for i in range(1, BINS)]


def by_loop(
    statistics: dict[str, np.ndarray], names: Sequence[str], neighbours: np.ndarray, today: np.ndarray
) -> list[float]:
    scores, bins = [], {}
    for name in names:
        edges = edges_of(statistics[name][~today].tolist())
        bins[name] = [bin_of(value, edges) for value in statistics[name].tolist()]
    for row, near in enumerate(neighbours.tolist()):
        new = [other for other in near if today[other]]
        score = 0.0 if len(new) >= NEIGHBOURS_MIN else math.nan
        for own in bins.values():
            if own[row] == BINS:
                continue
            reference = [own[other] for other in range(len(own)) if not today[other]]
            share = (reference.count(own[row]) + 1) / (len(reference) + BINS + 1)
            same = sum(own[other] == own[row] for other in new)
            score += math.log((same + 5 * share) / (len(new) + 5) / share)
        scores.append(score)
    return scores


@dataclass(frozen=True)
class Asked:
    """What conformity asks of a pool."""

    statistics: dict[str, np.ndarray]
    peers: np.ndarray
    today: np.ndarray

    @property
    def wanted(self) -> int:
        return len(self.peers)

    def once(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        return make()


def scores_of(statistics: dict[str, np.ndarray], peers: np.ndarray, today: np.ndarray) -> dict[str, np.ndarray]:
    pool: Any = Asked(statistics, peers, today)
    return {group: group_score(names, pool) for group, names in GROUPS.items()}


def test_scores_are_those_of_a_loop() -> None:
    random = np.random.default_rng(1)
    today = random.random(300) < 0.4
    neighbours = random.integers(0, 300, (300, 14))
    statistics = habits(300, 2)
    found = scores_of(statistics, neighbours, today)
    assert set(found) == set(GROUPS)
    for group, names in GROUPS.items():
        expected = np.asarray(by_loop(statistics, names, neighbours, today))
        assert np.any(np.isnan(expected))
        assert found[group] == pytest.approx(expected, nan_ok=True)


def test_accounts_that_move_like_their_new_neighbours_stand_out() -> None:
    today = np.arange(2_000) < 500
    random = np.random.default_rng(3)
    statistics = habits(2_000, 4)
    for values in statistics.values():
        values[:60] = random.uniform(2.0, 2.1, 60)  # one narrow habit, shared by sixty accounts
    neighbours = random.integers(0, 2_000, (2_000, 40))
    neighbours[:60] = random.integers(0, 60, (60, 40))
    scores = scores_of(statistics, neighbours, today)["conformity_habits"]
    probability = tail_probability(scores, scores[~today])
    assert np.all(probability[:60] < 0.005)
    assert np.mean(probability[60:500] < 0.05) < 0.09


def test_what_nobody_has_says_nothing_and_what_is_lacking_is_not_available() -> None:
    today, random = np.arange(100) < 50, np.random.default_rng(5)
    new, old = random.integers(0, 50, (100, 20)), random.integers(50, 100, (100, 20))
    for scores in scores_of({name: np.full(100, np.nan) for name in ALL}, new, today).values():
        assert scores.tolist() == [0.0] * 100
    known = {name: values for name, values in habits(100, 8).items() if name not in GROUPS["conformity_volume"]}
    found = scores_of(known, new, today)
    assert np.all(np.isnan(found["conformity_volume"]))
    assert not np.any(np.isnan(found["conformity_timing"]))
    for scores in scores_of(habits(100, 7), old, today).values():  # no neighbour is new
        assert np.all(np.isnan(scores))


def test_likeness_is_that_of_a_loop_and_leaves_each_member_out() -> None:
    group, others = habits(30, 12), habits(80, 13)
    del group["hour_entropy"]  # one side lacks it
    expected = [0.0] * 30, [0.0] * 80
    for name in group:
        edges = edges_of(others[name].tolist())
        bins = [[bin_of(value, edges) for value in side[name].tolist()] for side in (group, others)]
        for side, scores in enumerate(expected):
            for row, one in enumerate(bins[side]):
                if one == BINS:
                    continue
                members = bins[0][:row] + bins[0][row + 1 :] if side == 0 else bins[0]
                share = (bins[1].count(one) + 1) / (80 + BINS + 1)
                scores[row] += max(-1.0, math.log((members.count(one) + 5 * share) / (len(members) + 5) / share))
    for found, wanted in zip(habit_likeness(group, others), expected, strict=True):
        assert found == pytest.approx(wanted)


def test_those_who_move_like_the_group_are_told_apart() -> None:
    random = np.random.default_rng(14)
    group, others = habits(200, 15), habits(2_000, 16)
    for name in ALL[:5]:
        group[name] = random.uniform(0.9, 1.1, 200)
        others[name][:20] = random.uniform(0.9, 1.1, 20)
    own, theirs = habit_likeness(group, others)
    least = 0.4 * np.median(own)
    assert np.mean(theirs[:20] >= least) > 0.7
    assert np.mean(theirs[20:] >= least) < 0.01


def shared_by_loop(seen: list[set[int]], day: list[int], neighbours: np.ndarray) -> list[float]:
    scores = []
    for account, own in enumerate(seen):
        if not own:
            scores.append(math.nan)
            continue
        near = [other for other in neighbours[account].tolist() if day[other] == day[account] and seen[other]]
        others = [seen[other] for other in range(len(seen)) if day[other] != day[account] and seen[other]]
        best = 0.0
        for value in own:
            same = sum(value in seen[other] for other in near)
            usual = (sum(value in held for held in others) + 0.5) / (len(others) + 1)
            if same:
                best = max(best, math.log((same + 2 * usual) / (len(near) + 2) / usual))
        scores.append(best)
    return scores


def test_shared_values_are_those_of_a_loop() -> None:
    random = np.random.default_rng(11)
    day = random.integers(-1, 3, 200)
    seen = [{int(value) for value in random.integers(0, 40, random.integers(0, 5))} for _ in range(200)]
    pairs = [(account, value) for account, held in enumerate(seen) for value in sorted(held)]
    owner, value = (np.asarray(column) for column in zip(*pairs, strict=True))
    neighbours = random.integers(0, 200, (200, 12))
    # Names of values and numbers of days do not matter, nor does the order of pairs.
    order = random.permutation(len(owner))
    found = shared_values(owner[order], value[order].astype(np.uint64) * np.uint64(977), day * 5, neighbours)
    expected = shared_by_loop(seen, day.tolist(), neighbours)
    assert any(score > 1 for score in expected)
    assert any(score == 0 for score in expected)
    assert found == pytest.approx(expected, nan_ok=True)
    # Asked of the first alone, whose neighbours are any.
    few = shared_values(owner, value.astype(np.uint64), day, neighbours[:70])
    assert few == pytest.approx(expected[:70], nan_ok=True)


def test_what_other_days_had_too_is_worth_less() -> None:
    """Four look-alikes behind one address: a new one tells, the way out of a company does not."""
    day = np.repeat([-1, 0], 100)
    neighbours = np.tile(np.arange(4), (200, 1))
    owner = np.concatenate([np.arange(4), np.arange(100, 200)])
    fresh, known = (
        shared_values(owner, np.concatenate([np.full(4, 7), earlier]).astype(np.uint64), day, neighbours)
        for earlier in (np.arange(100, 200), np.full(100, 7))
    )
    assert fresh[0] > 1
    assert known[0] < 0.1


def test_nobody_without_values_has_a_score() -> None:
    nothing = np.zeros(0, np.int64)
    found = shared_values(nothing, nothing.astype(np.uint64), np.zeros(3, np.int64), np.zeros((3, 2), np.int64))
    assert np.all(np.isnan(found))
