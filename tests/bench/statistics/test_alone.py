"""The bench of single statistics: thresholds, tails, and what is counted of them."""

import math

import numpy as np
import pyarrow as pa

from bench.statistics.alone import alone, every, recall
from bench.statistics.page import best, listed, measured

HONEST = np.arange(1_000, dtype=np.float64)


def test_recall_is_of_what_lies_beyond_the_rate() -> None:
    campaign = np.array([997.5, 998.5, 999.5, math.nan])
    assert recall(HONEST, campaign, 0.001) == 0.5  # one of a thousand honest ones may lie beyond: 999 does
    assert recall(HONEST, campaign, 0.01) == 0.75
    assert recall(HONEST, np.array([998.0]), 0.001) == 0.0  # ties are not beyond


def test_honest_accounts_without_the_statistic_are_passed_over() -> None:
    few = np.concatenate([HONEST[:5], np.full(995, math.nan)])
    assert recall(few, np.array([-1.0, math.nan]), 0.01) == 0.5
    assert recall(few, np.array([3.5, 2.0]), 0.001) == 0.5


def test_tails_are_looked_at_apart() -> None:
    assert alone(HONEST, np.array([-5.0, 2_000.0, 3_000.0, 500.0])) == ([0.5, 0.5], [0.25, 0.25])
    assert alone(HONEST, np.full(4, math.nan)) == (None, None)


def test_only_honest_accounts_with_enough_calls_set_the_threshold() -> None:
    accounts = pa.table(
        {
            "account_id": ["a", "b", "c", "d"],
            "calls": [9, 9, 2, 9],
            "calls_log2": [1.0, 2.0, 99.0, 3.0],
            "evidence": [0.1, 0.2, None, 5.0],
        }
    )
    truth = pa.table({"account_id": ["a", "b", "c", "d"], "campaign": pa.array([None, None, None, "x"], pa.string())})
    found, honest, planted = every(accounts, truth)
    assert (honest, planted) == (2, 1)
    assert set(found) == {"calls_log2", "evidence"}
    assert found["calls_log2"] == ([1.0, 1.0], [0.0, 0.0])


def test_a_statistic_is_worth_the_best_of_its_tails_anywhere() -> None:
    weak, strong = ([0.0, 0.02], [0.0, 0.01]), ([0.7, 0.9], [0.0, 0.0])
    found = {"alpaca": {"calls_log2": weak, "hour_entropy": (None, None)}, "t0": {"calls_log2": strong}}
    assert (best(found, "calls_log2"), best(found, "hour_entropy"), best(found, "absent")) == (0.9, 0.0, 0.0)
    counted = {"seed": 1, "calls": 2, "honest": 3, "accounts": {"alpaca": 4, "t0": 5}, "found": found}
    figures = measured({"alone": counted, "runs": {"alone": {"commit": "a"}}})
    assert "| `calls_log2` | ↑ 0 / 2 ↓ 0 / 1 | ↑ 70 / 90 ↓ 0 / 0 |" in figures["alone"]
    assert "| 1 | 0 | 1 | `calls_log2` |" in figures["worth"]
    assert set(listed()) == {"of an account alone", "against other accounts"}
