"""Accuracy figures: what is drawn, how errors are made of it, and that ours are near their theory."""

from typing import Any

import numpy as np
import pytest

from bench.accuracy import counts as accuracy_counts
from bench.accuracy import distinct as accuracy_distinct
from bench.accuracy import minhash as accuracy_minhash


def mine(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of ours."""
    return [row for row in rows if row["who"] == "gauger"]


def test_pairs_have_the_similarity_they_say() -> None:
    generator = np.random.default_rng(1)
    for size in accuracy_minhash.SIZES:
        for shared in accuracy_minhash.overlaps(size):
            drawn = accuracy_minhash.pairs(size, shared, 2, generator)
            left, right = (set(drawn.sets[row].tolist()) for row in (2, 3))
            assert len(left) == len(right) == size
            assert len(left & right) / len(left | right) == drawn.similarity
            assert 0 < drawn.similarity < 1
            assert not set(drawn.sets[0].tolist()) & left


def test_errors_are_against_the_known_similarity() -> None:
    given = accuracy_minhash.Pairs(np.zeros((4, 3), np.uint64), 0.5)
    row = accuracy_minhash.row("somebody", 3, given, np.asarray([0.4, 0.8]))
    assert row.rmse == pytest.approx(np.sqrt(0.05))
    assert row.bias == pytest.approx(0.1)
    assert row.theory == pytest.approx(0.5 / np.sqrt(128))
    assert row.trials == 2


def test_every_estimator_of_minhash_is_near_the_truth() -> None:
    found: list[dict[str, Any]] = accuracy_minhash.measure(trials=20)
    large = [row for row in found if row["size"] == 1024 and row["who"] != "rensa Rho"]
    assert mine(large)
    assert all(row["rmse"] < 2 * row["theory"] for row in large)


@pytest.mark.parametrize("who", list(accuracy_distinct.ESTIMATORS))
def test_distinct_counts_of_a_trial_grow_with_what_went_by(who: str) -> None:
    trial, package, *_ = accuracy_distinct.ESTIMATORS[who]
    if package is not None:
        pytest.importorskip(package)
    assert trial(1_000_000, (1, 100, 20_000)) == pytest.approx([1, 100, 20_000], rel=0.2)


def test_distinct_errors() -> None:
    found: list[dict[str, Any]] = accuracy_distinct.measure(trials=4, largest=1_000)
    assert max(row["cardinality"] for row in found) <= 1_000
    assert all(row["rms"] < 0.05 for row in mine(found))
    assert {row["trials"] for row in found} == {4}


def test_counts_are_never_under_and_seldom_far_over() -> None:
    found: list[dict[str, Any]] = accuracy_counts.measure(trials=2, words=20_000, distinct=2_000)
    assert len(mine(found)) == 4
    for row in found:
        assert row["under"] == 0
        assert row["over"] <= row["delta"]
        assert row["queries"] == 4_000
