"""Tail probabilities against counting, their uniformity, and the half-Cauchy combination against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import halfcauchy, kstest

from gauger.engine.evidence.calibration import combine, evidence, pooled_tail_probability, tail_probability

SCORE = st.one_of(st.integers(-5, 5).map(float), st.just(float("nan")))
SCORES = st.lists(SCORE, max_size=30).map(lambda values: np.asarray(values, np.float64))


def beyond(score: float, known: list[float]) -> float:
    """What counts as above a score that nobody else reaches."""
    usual = sorted(known)[int(0.99 * (len(known) - 1))]
    return 0.5 * math.exp(-(score - usual) / ((max(known) - usual) or 1.0))


@settings(max_examples=200, deadline=None)
@given(SCORES, SCORES)
def test_a_tail_probability_is_a_rank(scores: np.ndarray, null: np.ndarray) -> None:
    known = [value for value in null.tolist() if value == value]
    for score, found in zip(scores.tolist(), tail_probability(scores, null).tolist(), strict=True):
        if score != score:
            assert found != found
        elif known and score > max(known):
            assert found == pytest.approx((1 + beyond(score, known)) / (1 + len(known)))
        else:
            assert found == (1 + sum(value >= score for value in known)) / (1 + len(known))
            assert 0.0 < found <= 1.0


def test_scores_above_the_whole_null_are_told_apart_and_claim_no_more_than_it_supports() -> None:
    null = np.random.default_rng(4).normal(size=999)
    scores = null.max() + np.asarray([1e-3, 0.1, 1.0, 5.0])
    found = tail_probability(scores, null)
    assert np.all(np.diff(found) < 0)
    assert np.all((found >= 0.001) & (found < 0.002))


def test_the_null_is_uniform_and_of_a_reference_itself_the_ranks_are_all_there() -> None:
    random = np.random.default_rng(1)
    found = tail_probability(random.gumbel(size=4_000), random.gumbel(size=40_000))
    assert kstest(found, "uniform").pvalue > 0.001
    scores = random.normal(size=99)
    assert np.sort(tail_probability(scores, scores)) == pytest.approx((np.arange(99) + 2) / 100)


@settings(max_examples=200, deadline=None)
@given(SCORES, SCORES)
def test_in_a_pool_accounts_of_the_null_are_ranked_among_the_others(scores: np.ndarray, null: np.ndarray) -> None:
    pool = np.concatenate([scores, null])
    today = np.arange(len(pool)) < len(scores)
    found = pooled_tail_probability(pool, today)
    np.testing.assert_array_equal(found[today], tail_probability(scores, null))
    known = [value for value in null.tolist() if value == value]
    for score, own in zip(null.tolist(), found[~today].tolist(), strict=True):
        if score != score:
            assert own != own
            continue
        others = sum(value >= score for value in known) - 1
        assert own == pytest.approx((1 + (others + 0.5 if others else beyond(score, known))) / (1 + len(known)))


def test_what_is_combined_of_both_sides_flags_as_many_as_it_says() -> None:
    random, today, flagged = np.random.default_rng(8), np.arange(600) < 300, []
    for _ in range(150):
        parts = [pooled_tail_probability(random.normal(size=600), today) for _ in range(8)]
        flagged.append(np.sum(pooled_tail_probability(evidence(combine(parts)), today)[today] < 0.02))
    assert 4.5 < np.mean(flagged) < 9.0  # six; thirteen if accounts of the null count themselves


def test_evidence_never_claims_more_than_the_reference_supports() -> None:
    found = tail_probability(np.asarray([1e9, np.inf]), np.zeros(999))
    assert evidence(found) == pytest.approx([3.0, 3.0])
    assert np.isnan(evidence(np.asarray([np.nan]))).all()


def test_the_combination_is_that_of_scipys_half_cauchy() -> None:
    parts = np.random.default_rng(3).uniform(1e-6, 1 - 1e-6, (4, 500))
    expected = halfcauchy.sf(halfcauchy.isf(parts).mean(axis=0))
    assert combine(list(parts)) == pytest.approx(expected, rel=1e-6)
    weights = [1.0, 3.0, 0.5, 2.0]
    weighted = halfcauchy.sf(np.average(halfcauchy.isf(parts), axis=0, weights=weights))
    assert combine(list(parts), weights) == pytest.approx(weighted, rel=1e-6)


def test_a_part_near_one_takes_nothing_away_and_one_strong_part_carries_the_rest() -> None:
    assert combine([np.full(2, 1e-4), np.asarray([0.5, 1.0])]) == pytest.approx([2e-4, 2e-4], rel=0.01)
    found = combine([np.asarray([1e-5]), np.asarray([0.5]), np.asarray([0.9])])
    assert found[0] == pytest.approx(3e-5, rel=0.01)
    for part in (0.0, 1.0, 1e-300):
        assert 0.0 < combine([np.asarray([part]), np.asarray([0.5])])[0] <= 1.0


def test_unknown_parts_are_left_out() -> None:
    nan = np.nan
    left, right = np.asarray([0.01, nan, 0.2, nan]), np.asarray([nan, 0.3, 0.5, nan])
    found = combine([left, right])
    assert found[:2] == pytest.approx([0.01, 0.3])
    assert found[2] == pytest.approx(halfcauchy.sf(halfcauchy.isf([0.2, 0.5]).mean()))
    assert np.isnan(found[3])


def test_it_holds_under_dependence() -> None:
    """Parts that are nearly copies of one another: the combined rate stays at the nominal one."""
    random = np.random.default_rng(4)
    shared = random.normal(size=50_000)
    scores = [0.9 * shared + np.sqrt(1 - 0.81) * random.normal(size=50_000) for _ in range(5)]
    parts = [tail_probability(score, random.normal(size=100_000)) for score in scores]
    rate = np.mean(combine(parts) < 0.01)
    assert 0.005 < rate < 0.012
