"""Conformity against a loop, and what it finds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gauger.engine.calibration import tail_probability
from gauger.engine.conformity import BINS, FEATURES, conformity_scores


def habits(count: int, seed: int) -> dict[str, np.ndarray]:
    """Independent statistics, a tenth of each not available."""
    random = np.random.default_rng(seed)
    result = {}
    for name in FEATURES:
        result[name] = random.normal(size=count)
        result[name][random.random(count) < 0.1] = np.nan
    return result


def bin_of(value: float, edges: list[float]) -> int:
    return BINS if math.isnan(value) else sum(value >= edge for edge in edges)


def by_loop(statistics: dict[str, np.ndarray], neighbours: np.ndarray, today: np.ndarray) -> list[float]:
    scores = []
    bins = {}
    for name in FEATURES:
        values = statistics[name].tolist()
        known = [value for value, new in zip(values, today, strict=True) if not new and not math.isnan(value)]
        edges = [float(np.quantile(known, i / BINS)) for i in range(1, BINS)]
        bins[name] = [bin_of(value, edges) for value in values]
    for row, near in enumerate(neighbours.tolist()):
        new = [other for other in near if today[other]]
        if len(new) < 5:
            scores.append(math.nan)
            continue
        score = 0.0
        for name in FEATURES:
            own = bins[name]
            if own[row] == BINS:
                continue
            reference = [own[other] for other in range(len(own)) if not today[other]]
            share = (reference.count(own[row]) + 1) / (len(reference) + BINS + 1)
            same = sum(own[other] == own[row] for other in new)
            score += math.log((same + 2 * share) / (len(new) + 2) / share)
        scores.append(score)
    return scores


def test_scores_are_those_of_a_loop() -> None:
    random = np.random.default_rng(1)
    today = random.random(300) < 0.4
    neighbours = random.integers(0, 300, (300, 14))
    statistics = habits(300, 2)
    found = conformity_scores(statistics, neighbours, today)
    expected = np.asarray(by_loop(statistics, neighbours, today))
    assert np.any(np.isnan(expected))
    assert found == pytest.approx(expected, nan_ok=True)


def test_accounts_that_move_like_their_new_neighbours_stand_out() -> None:
    today = np.arange(2_000) < 500
    random = np.random.default_rng(3)
    statistics = habits(2_000, 4)
    for values in statistics.values():
        values[:60] = random.uniform(2.0, 2.1, 60)  # one narrow habit, shared by sixty accounts
    neighbours = random.integers(0, 2_000, (2_000, 40))
    neighbours[:60] = random.integers(0, 60, (60, 40))
    scores = conformity_scores(statistics, neighbours, today)
    probability = tail_probability(scores, scores[~today])
    assert np.all(probability[:60] < 0.005)
    assert np.mean(probability[60:500] < 0.05) < 0.09


def test_a_statistic_nobody_has_says_nothing() -> None:
    today = np.arange(100) < 50
    neighbours = np.random.default_rng(5).integers(0, 50, (100, 20))
    none = {name: np.full(100, np.nan) for name in FEATURES}
    assert conformity_scores(none, neighbours, today).tolist() == [0.0] * 100


def test_without_new_neighbours_there_is_no_score() -> None:
    today = np.arange(100) < 50
    neighbours = np.random.default_rng(6).integers(50, 100, (100, 20))
    assert np.all(np.isnan(conformity_scores(habits(100, 7), neighbours, today)))
