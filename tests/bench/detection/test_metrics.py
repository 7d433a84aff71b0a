"""Recall at a share of false positives, by hand."""

import numpy as np
import pytest

from bench.detection.metrics import padding_at_half, recall_at, recall_with_interval, threshold, wilson

BENIGN = np.arange(1_000.0)


def test_threshold_is_what_at_most_the_share_exceeds() -> None:
    assert threshold(BENIGN, 0.001) == 998.0
    assert threshold(BENIGN, 0.01) == 989.0
    assert threshold(BENIGN[:999], 0.001) == 998.0  # not one account may exceed it
    assert threshold(np.zeros(10), 0.01) == 0.0


def test_recall_counts_what_is_above_and_nothing_that_has_no_score() -> None:
    members = np.asarray([998.0, 998.5, 2_000.0, np.nan])
    assert recall_at(BENIGN, members, 0.001) == 0.5
    assert recall_at(np.asarray([np.nan, 1.0, np.nan]), np.asarray([np.nan, 0.5, 1.5]), 0.01) == pytest.approx(1 / 3)


def test_interval_holds_the_recall_and_reflects_the_threshold_as_well() -> None:
    members = np.linspace(900.0, 1_100.0, 400)
    found = recall_with_interval(BENIGN, members, 0.01)
    assert found.recall == recall_at(BENIGN, members, 0.01)
    assert found.low < found.recall < found.high
    assert (found.accounts, found.benign) == (400, 1_000)
    low, high = wilson(round(found.recall * 400), 400)
    assert found.high - found.low > 0.9 * (high - low)
    assert recall_with_interval(BENIGN, np.full(50, 5_000.0), 0.001).low == 1.0
    assert found == recall_with_interval(BENIGN, members, 0.01)


def test_wilson_by_hand() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_padding_at_half_lies_between_the_measured_ones() -> None:
    assert padding_at_half({0.0: 1.0, 0.5: 0.9, 0.8: 0.4}) == pytest.approx(0.5 + 0.3 * 0.4 / 0.5)
    assert padding_at_half({0.8: 0.6, 0.0: 1.0}) is None
    assert padding_at_half({0.0: 0.3, 0.5: 0.1}) == 0.0
    assert padding_at_half({}) is None


def test_ties_at_the_ceiling_are_told() -> None:
    benign = np.concatenate([np.zeros(997), np.full(3, 4.0)])
    found = recall_with_interval(benign, np.asarray([4.0, 4.0, 4.0, 0.0]), 0.001)
    assert (found.recall, found.tied) == (0.0, 0.75)
    assert recall_with_interval(benign, np.asarray([4.0, 4.0, 4.0, 0.0]), 0.01).recall == 0.75
