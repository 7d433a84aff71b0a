"""Sifting: exact moments, folds that do not see themselves, a calm null and a found campaign."""

import math
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import pytest
from scipy.stats import binom

from gauger.engine.common import threads
from gauger.engine.common.secret import Secret
from gauger.engine.evidence.calibration import tail_probability
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.sifting import (
    Moments,
    PooledCalls,
    directions,
    joined,
    joined_among,
    moments,
    oddest,
    places,
    rounds_of,
    score_calls,
    sift,
    weights_of,
)
from gauger.engine.statistics.background import FOLDS, background_of, folds_of
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES
from tests.engine import worlds

NEIGHBOURS = (10, 20)


def pooled(today: Population, reference: Population, seed: int) -> PooledCalls:
    """Calls of both sides, today's accounts first, folds at random."""
    accounts = len(today) + len(reference)
    return PooledCalls(
        features=FeatureRows(*((side.sample_features, side.sample_row) for side in (today, reference))),
        owner=np.concatenate([today.sample_owner, reference.sample_owner + len(today)]),
        today=np.arange(accounts) < len(today),
        folds=np.random.default_rng(seed).integers(0, FOLDS, accounts),
        identity=np.concatenate([today.sample_identity, reference.sample_identity]),
    )


def random_rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(-127, 128, (count, FEATURES), dtype=np.int8), random.integers(0, FOLDS, count)


def whole_moments(features: np.ndarray, folds: np.ndarray) -> Moments:
    return moments(features, np.arange(len(features)), folds)


def assert_equal_moments(one: Moments, other: Moments) -> None:
    for name in ("gram", "total", "count"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_some_rows_have_the_moments_of_these_rows_alone_in_any_order() -> None:
    features, folds = random_rows(5_000, 9)
    rows = np.random.default_rng(10).permutation(5_000)[:2_000]
    alone = whole_moments(features[rows], folds[rows])
    with threads.use(3):
        assert_equal_moments(moments(features, rows, folds[rows]), alone)
    rows = np.sort(rows)
    assert_equal_moments(moments(features, rows, folds[rows]), alone)
    left, right = (moments(features, half, folds[half]) for half in (rows[:700], rows[700:]))
    assert np.array_equal(left.gram + right.gram, alone.gram)
    assert np.array_equal(left.total + right.total, alone.total)


def test_moments_are_exact_sums() -> None:
    features, folds = random_rows(6_000, 1)
    found = whole_moments(features, folds)
    for fold in range(FOLDS):
        rows = features[folds == fold].astype(np.float64)
        assert found.count[fold] == len(rows)
        assert np.array_equal(found.total[fold], rows.sum(axis=0))
        assert np.array_equal(found.gram[fold], rows.T @ rows)
        mean, covariance = found.without(fold)
        others = features[folds != fold].astype(np.float64)
        assert np.allclose(mean, others.mean(axis=0))
        assert np.allclose(covariance, np.cov(others.T, bias=True), atol=1e-6)
    # 4,000 rows of 127s: a plain float32 product would be off.
    largest = whole_moments(np.full((4_000, FEATURES), 127, np.int8), np.zeros(4_000, np.int64))
    assert np.all(largest.gram[0] == 4_000 * 127**2)
    assert np.all(largest.total[0] == 4_000 * 127)


def test_a_fold_does_not_see_itself() -> None:
    """Other data in one fold: its own weights stay, bit by bit; the other folds' change."""
    (today, folds), (reference, reference_folds) = random_rows(2_000, 5), random_rows(2_000, 6)
    before = directions(whole_moments(today, folds), whole_moments(reference, reference_folds), 0.1)
    changed = today.copy()
    changed[folds == 3] = random_rows(int((folds == 3).sum()), 7)[0] // 2
    after = directions(whole_moments(changed, folds), whole_moments(reference, reference_folds), 0.1)
    assert np.array_equal(before[3], after[3])
    for fold in (0, 1, 2, 4):
        assert not np.allclose(before[fold], after[fold])


def test_directions_are_fishers() -> None:
    (today, folds), (reference, reference_folds) = random_rows(1_500, 8), random_rows(1_500, 9)
    ridge = 0.3
    found = directions(whole_moments(today, folds), whole_moments(reference, reference_folds), ridge)
    own, other = (rows.astype(np.float64) for rows in (today[folds != 1], reference[reference_folds != 1]))
    spread = (np.cov(own.T, bias=True) + np.cov(other.T, bias=True)) / 2
    spread += ridge * np.trace(spread) / FEATURES * np.eye(FEATURES)
    expected = np.linalg.solve(spread, own.mean(axis=0) - other.mean(axis=0))
    assert found[1] == pytest.approx(expected, rel=1e-3, abs=1e-7)


def test_calls_are_scored_by_the_direction_of_their_accounts_fold() -> None:
    calls = pooled(worlds.population(1, 30, 4), worlds.population(2, 30, 4), 1)
    weights = np.random.default_rng(1).normal(size=(FOLDS, FEATURES)).astype(np.float32)
    expected = [
        float(row.astype(np.float64) @ weights[calls.folds[owner]])
        for row, owner in zip(calls.features[np.arange(len(calls.owner))], calls.owner.tolist(), strict=True)
    ]
    assert score_calls(calls, weights) == pytest.approx(np.asarray(expected), rel=1e-3, abs=1e-2)


def test_the_oddest_calls_are_those_a_sort_picks() -> None:
    random = np.random.default_rng(10)
    owner = np.sort(random.integers(0, 40, 600))
    probabilities = random.integers(0, 50, 600) / 50  # with ties: the earlier call goes first
    chosen = oddest(places(probabilities, owner, 41), owner, 41, share=0.15, least=3)
    for account in range(41):
        rows = np.flatnonzero(owner == account).tolist()
        picks = sorted(rows, key=lambda row: (probabilities[row], row))[: max(3, math.ceil(0.15 * len(rows)))]
        assert np.flatnonzero(chosen & (owner == account)).tolist() == sorted(picks)


def test_places_are_those_of_a_stable_sort() -> None:
    random = np.random.default_rng(34)
    owner = np.sort(random.integers(0, 5_000, 30_000))  # more accounts than one block
    values = random.integers(0, 9, 30_000) / 9
    with threads.use(3):
        found = places(values, owner, 5_001)
    order = np.lexsort((values, owner))
    starts = np.searchsorted(owner, owner[order])
    assert np.array_equal(found[order], np.arange(30_000) - starts)


def test_a_call_weighs_what_its_evidence_has_beyond_one_nat() -> None:
    probabilities = np.exp(-np.asarray([0.1, 0.9, 1.1, 1.3, 2.01, 4.6, 7.1, 12.0]))
    place = np.asarray([7, 6, 5, 4, 3, 2, 1, 0])
    assert weights_of(probabilities, place).tolist() == [0, 0, 0, 1, 4, 14, 24, 24]
    # The oddest call of an account that has none beyond counts all the same: no account is without a mean.
    assert weights_of(np.asarray([0.5, 0.9]), np.asarray([0, 1])).tolist() == [1, 0]


def test_shares_of_several_numbers_are_joined_without_losing_the_strong_one() -> None:
    today = np.arange(3_000) < 1_000
    shares = np.random.default_rng(35).random((3, 3_000))
    shares[1, 0] = 2.0  # seen among one number of neighbours alone
    found = joined(shares, today)
    assert found.argmax() == 0
    assert np.mean(tail_probability(found, found[~today])[today] < 0.05) == pytest.approx(0.05, abs=0.03)


@pytest.fixture(scope="module")
def null() -> list[np.ndarray]:
    """Tail probabilities of today's accounts when both sides are alike: of two rounds, and of the last two joined."""
    calls = pooled(worlds.population(11, 600, 12), worlds.population(12, 900, 12), 2)
    first, second = islice(rounds_of(calls, numbers=NEIGHBOURS), 2)
    sifting = sift(calls, numbers=NEIGHBOURS)
    assert np.array_equal(sifting.first, first.scores)
    scores = [first.scores, second.scores, sifting.self_trained]
    return [tail_probability(score, score[~calls.today])[calls.today] for score in scores]


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_without_a_campaign_the_rate_of_alarms_is_the_nominal_one(null: list[np.ndarray], turn: int) -> None:
    """And probabilities spread over the whole range."""
    hits, count = int(np.sum(null[turn] < 0.05)), len(null[turn])
    # The threshold itself is a quantile of 900 reference accounts: its share is Beta, about as uncertain again.
    spread = math.sqrt(0.05 * 0.95 * (1 / count + 1 / 900))
    assert abs(hits / count - 0.05) < 4 * spread
    assert binom.sf(hits - 1, count, 0.05 + 4 * math.sqrt(0.05 * 0.95 / 900)) > 1e-4
    quarters = np.histogram(null[turn], bins=4, range=(0, 1))[0] / count
    assert np.all(np.abs(quarters - 0.25) < 0.09)


@pytest.fixture(scope="module")
def planted() -> PooledCalls:
    """A hundred accounts with five calls of a new topic among twenty-six, in a day of four hundred."""
    return pooled(worlds.population(13, 400, 26, planted=[(100, 5)]), worlds.population(14, 800, 26), 3)


def test_five_odd_calls_of_twenty_six_are_found(planted: PooledCalls) -> None:
    sifting = sift(planted, numbers=(20, 50))
    last, scores = sifting.last, sifting.self_trained
    probability = tail_probability(scores, scores[~planted.today])
    assert np.mean(probability[:100] < 0.002) >= 0.9
    assert np.mean(probability[100:400] < 0.01) <= 0.05
    odd = np.zeros(len(planted.owner), bool)
    for account in range(100):
        odd[np.flatnonzero(planted.owner == account)[:5]] = True
    mine = planted.owner < 100
    assert np.mean(last.chosen[mine & odd]) > 3 * np.mean(last.chosen[mine & ~odd])


def test_the_number_of_workers_changes_nothing() -> None:
    calls = pooled(worlds.population(15, 200, 8), worlds.population(16, 300, 8), 4)
    one = next(rounds_of(calls, numbers=NEIGHBOURS, rounds=0))
    with threads.use(3):
        three = next(rounds_of(calls, numbers=NEIGHBOURS, rounds=0))
    assert np.array_equal(one.scores, three.scores)
    assert np.array_equal(one.chosen, three.chosen)


def test_the_shares_of_the_last_two_rounds_are_averaged() -> None:
    calls = pooled(worlds.population(41, 150, 8, planted=[(40, 4)]), worlds.population(42, 250, 8), 6)
    rounds, sifting = list(rounds_of(calls, numbers=(20, 50))), sift(calls, numbers=(20, 50))
    assert len(rounds) == 5
    expected = joined((rounds[3].shares + rounds[4].shares) / 2, calls.today)
    assert np.array_equal(sifting.self_trained, expected)
    for heard, one in zip(sifting.rounds, (rounds[0], *rounds[3:]), strict=True):
        assert np.array_equal(heard.shares, one.shares)
        assert np.array_equal(heard.neighbours, one.neighbours)


def test_a_round_says_of_other_accounts_what_it_said_of_the_same_calls() -> None:
    """What was learnt is asked again about today's accounts, as if they were others."""
    today, reference = worlds.population(43, 80, 6, planted=[(20, 4)]), worlds.population(44, 120, 6)
    both = pooled(today, reference, 7)
    alone = PooledCalls(
        features=FeatureRows((today.sample_features, today.sample_row)),
        owner=today.sample_owner,
        today=np.ones(len(today), bool),
        folds=both.folds[: len(today)],
        identity=today.sample_identity,
    )
    last = sift(both, numbers=NEIGHBOURS).last
    vectors, probability = last.learnt.means(alone)
    assert np.array_equal(probability, last.call_probability[: len(alone.owner)])
    # Matrix libraries round differently for blocks of other sizes.
    np.testing.assert_allclose(vectors, last.vectors[: len(today)], atol=1e-5)


def test_shares_of_others_are_ranked_among_the_references() -> None:
    random = np.random.default_rng(45)
    shares, today = random.random((3, 500)), np.arange(500) < 100
    found = joined_among(shares[:, today], shares[:, ~today])
    assert np.array_equal(found, joined(shares, today)[:100])


def test_the_learning_sample_is_bounded_by_smallest_identity() -> None:
    """Learning from fewer rows than there are: the rows are the same whatever order the calls came in."""
    calls = pooled(worlds.population(17, 150, 8), worlds.population(18, 200, 8), 5)
    first = partial(rounds_of, numbers=NEIGHBOURS, rounds=0)
    bounded, whole = (next(first(calls, gram_rows=rows)) for rows in (500, 60_000))
    order = np.lexsort((-np.arange(len(calls.owner)), calls.owner))  # each account's calls backwards
    features = FeatureRows((calls.features[np.arange(len(order))], order))
    backwards = replace(calls, features=features, owner=calls.owner[order], identity=calls.identity[order])
    again = next(first(backwards, gram_rows=500))
    assert np.array_equal(again.call_probability, bounded.call_probability[order])
    assert not np.array_equal(whole.call_probability, bounded.call_probability)


def test_a_background_is_count_and_sum_of_its_rows() -> None:
    features, folds = random_rows(20_000, 21)
    rows = np.random.default_rng(22).permutation(20_000)[:15_000]
    found = background_of(features, rows, folds[rows])
    for fold in range(FOLDS):
        own = features[rows[folds[rows] == fold]].astype(np.int64)
        assert found.count[fold] == len(own)
        assert np.array_equal(found.total[fold], own.sum(axis=0))
        others = features[rows[folds[rows] != fold]].astype(np.float64)
        assert found.without(fold) == pytest.approx(others.mean(axis=0))


def test_the_background_of_the_same_rows_changes_nothing_and_of_more_it_moves_the_mean() -> None:
    (today, folds), (reference, reference_folds) = random_rows(4_000, 23), random_rows(4_000, 24)
    positive, negative = whole_moments(today, folds), whole_moments(reference, reference_folds)
    own = directions(positive, negative, 0.1)
    same = directions(positive, negative, 0.1, background_of(reference, np.arange(4_000), reference_folds))
    assert same == pytest.approx(own, rel=1e-4, abs=1e-8)
    # Against today's own mean nothing is left to tell apart.
    nothing = directions(positive, negative, 0.1, background_of(today, np.arange(4_000), folds))
    assert np.abs(nothing).max() < 1e-6 * max(1.0, np.abs(own).max())


def test_the_foreground_takes_the_place_of_the_positive_mean() -> None:
    (today, folds), (reference, reference_folds) = random_rows(4_000, 23), random_rows(4_000, 24)
    positive, negative = whole_moments(today, folds), whole_moments(reference, reference_folds)
    own = directions(positive, negative, 0.1)
    same = directions(positive, negative, 0.1, foreground=background_of(today, np.arange(4_000), folds))
    assert same == pytest.approx(own, rel=1e-4, abs=1e-8)
    more = np.concatenate([today, today[:1_000] // np.int8(2)])
    wider = background_of(more, np.arange(5_000), np.concatenate([folds, folds[:1_000]]))
    moved = directions(positive, negative, 0.1, foreground=wider)
    for fold in range(FOLDS):
        others = [one for one in range(FOLDS) if one != fold]
        spread = 0.5 * (positive.without(fold)[1] + negative.without(fold)[1])
        spread[np.diag_indices(FEATURES)] += 0.1 * np.trace(spread) / FEATURES + 1e-9
        mean = wider.total[others].sum(axis=0) / wider.count[others].sum()
        expected = np.linalg.solve(spread, mean - negative.without(fold)[0])
        assert moved[fold] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_folds_follow_the_key_and_the_account_alone() -> None:
    names = [f"account-{number}" for number in range(5_000)]
    key, other = Secret(bytes(16)).key, Secret(bytes(15) + b"1").key
    folds = folds_of(names, key)
    assert np.array_equal(folds[::-1], folds_of(names[::-1], key))
    assert np.mean(folds == folds_of(names, other)) == pytest.approx(1 / FOLDS, abs=0.03)
    assert np.bincount(folds) == pytest.approx([1_000] * FOLDS, abs=120)
