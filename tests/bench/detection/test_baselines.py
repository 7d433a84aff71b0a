"""Baselines of single accounts: each must separate the case it was made for."""

import numpy as np

from bench.detection import baselines
from bench.detection.metrics import recall_at
from gauger.engine.common.vectors import unit
from tests.bench.accounts import drawn, population, seen


def test_calls_and_tokens_are_counted_by_hand() -> None:
    features = drawn(np.random.default_rng(1), 1, 90) + drawn(np.random.default_rng(2), 1, 7)
    few_and_many = seen(features, tokens=3)
    assert baselines.calls_per_account(few_and_many).tolist() == [90.0, 7.0]
    # A minute apart from midnight on: sixty calls in the fullest hour.
    assert baselines.hourly_tokens(few_and_many).tolist() == [180.0, 21.0]


def test_prada_tells_a_grid_of_queries_from_natural_ones() -> None:
    random = np.random.default_rng(3)
    natural = unit(random.normal(size=(40, 30)))
    pairs = np.repeat(unit(random.normal(size=(20, 30))), 2, axis=0)
    pairs[:20:2] += 0.02 * random.normal(size=(10, 30))  # half of the queries are slight changes of another
    mixed = np.concatenate([unit(pairs[:20]), natural[:20]])
    assert baselines.normality(natural) > 0.9 > baselines.normality(mixed) + 0.1
    assert baselines.normality(natural[:3]) == 1.0
    assert baselines.normality(np.repeat(natural[:1], 8, axis=0)) == 1.0


def test_two_sample_test_finds_the_accounts_that_moved() -> None:
    random = np.random.default_rng(5)
    reference = population(drawn(random, 300, 20))
    scores = baselines.mean_discrepancy(seen(drawn(random, 200, 20) + drawn(random, 50, 20, shift=1.5)), reference)
    assert recall_at(scores[:200], scores[200:], 0.01) > 0.95
    assert abs(np.mean(scores[:200])) < 0.5 * np.mean(scores[200:])
