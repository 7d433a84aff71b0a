"""Neighbours against brute force, whitening against the covariance, shares against loops."""

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.common.vectors import unit
from gauger.engine.evidence import neighbours
from gauger.engine.evidence.neighbours import EXACT_MAX, Index, Whitener, today_share


def clouds(count: int, dimensions: int, seed: int, centres: int = 40) -> np.ndarray:
    """Unit vectors around random centres, float32."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, dimensions))
    return unit(middle[random.integers(0, centres, count)] + random.normal(size=(count, dimensions)))


def brute_force(vectors: np.ndarray, k: int) -> np.ndarray:
    similarity = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def test_unit_rows_and_zero_rows() -> None:
    found = unit(np.asarray([[3, 4], [0, 0]]))
    assert found.dtype == np.float32
    assert found == pytest.approx(np.asarray([[0.6, 0.8], [0.0, 0.0]]))


def test_few_accounts_are_searched_exactly() -> None:
    vectors = clouds(900, 48, 1)
    similarity, rows = Index(vectors).search_all(20)
    assert np.array_equal(rows, brute_force(vectors, 20))
    assert similarity == pytest.approx(np.einsum("id,ikd->ik", vectors, vectors[rows]), abs=1e-5)
    assert np.all(np.diff(similarity, axis=1) <= 0)


def test_many_accounts_are_searched_well_enough() -> None:
    vectors = clouds(EXACT_MAX + 1_000, 24, 2)
    _, rows = Index(vectors).search_all(20)
    found = []
    for row in range(0, len(vectors), 10):
        similarity = vectors @ vectors[row]
        similarity[row] = -np.inf
        found.append(len(np.intersect1d(rows[row], np.argpartition(-similarity, 20)[:20])) / 20)
    assert np.mean(found) >= 0.95


@pytest.mark.parametrize("count", [700, EXACT_MAX + 500])
def test_nobody_is_their_own_neighbour_and_none_comes_twice(count: int) -> None:
    vectors = clouds(count, 24, 3)
    vectors[: count // 5] = vectors[0]  # accounts that say the very same
    _, rows = Index(vectors).search_all(10)
    assert rows.shape == (count, 10)
    assert not np.any(rows == np.arange(count)[:, None])
    assert all(len(set(found)) == 10 for found in rows.tolist())


@pytest.mark.parametrize("count", [2_500, EXACT_MAX + 500])
def test_the_number_of_workers_changes_nothing(count: int) -> None:
    vectors = clouds(count, 24, 4)
    one = Index(vectors).search_all(15)
    with threads.use(3):
        three = Index(vectors).search_all(15)
    assert all(np.array_equal(*pair) for pair in zip(one, three, strict=True))
    whitener = Whitener.fit(vectors)
    alone = whitener.transform(vectors)
    with threads.use(3):
        assert np.array_equal(whitener.transform(vectors), alone)


def test_who_is_not_among_its_own_neighbours_loses_the_last() -> None:
    rows = np.asarray([[0, 1, 2], [2, 0, 1], [0, 1, 3], [3, 0, 1]])  # the third has found others only
    similarity = rows.astype(np.float32)
    found, kept = neighbours._without_self(similarity, rows)
    assert kept.tolist() == [[1, 2], [2, 0], [0, 1], [0, 1]]
    assert found.tolist() == kept.astype(np.float32).tolist()


@pytest.mark.parametrize("count", [900, 9_000])
def test_others_find_their_neighbours_among_the_vectors_alone(count: int) -> None:
    both = clouds(count, 24, 6)
    inside = np.random.default_rng(7).random(count) < 0.6  # of 9,000 more than are searched exactly
    vectors, queries = both[inside], both[~inside]
    index = Index(vectors)
    similarity, rows = index.search(queries, 10)
    assert similarity == pytest.approx(np.einsum("id,ikd->ik", queries, vectors[rows]), abs=1e-5)
    assert np.all(np.diff(similarity, axis=1) <= 0)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(rows, exact, strict=True)]) > 0.95
    for part in (slice(0, 7), slice(7, None)):  # whoever else asks
        assert np.array_equal(index.search(queries[part], 10)[1], rows[part])
    nothing = index.search(queries[:0], 10)
    assert [found.shape for found in nothing] == [(0, 10), (0, 10)]


@pytest.mark.parametrize("count", [900, 9_000])
def test_whoever_is_like_one_of_the_vectors_finds_it_first(count: int) -> None:
    vectors = clouds(count, 24, 12)
    assert np.array_equal(Index(vectors).search(vectors[::3], 5)[1][:, 0], np.arange(count)[::3])


def test_fewer_accounts_than_neighbours_wanted() -> None:
    similarity, rows = Index(clouds(6, 8, 5)).search_all(50)
    assert similarity.shape == rows.shape == (6, 5)
    assert all(sorted([row, *found]) == list(range(6)) for row, found in enumerate(rows.tolist()))


def correlated(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, 12)) * np.linspace(0.2, 3, 12)) @ random.normal(size=(12, 12)) + 5.0


def test_whitening_makes_the_references_covariance_the_identity_and_shrinkage_adds_to_each_variance() -> None:
    reference = correlated(5_000, 6).astype(np.float32)
    whitener, shrunk = (Whitener.fit(reference, shrink=shrink) for shrink in (0.0, 0.3))
    white, other = ((reference - one.mean).astype(np.float64) @ one.matrix for one in (whitener, shrunk))
    assert white.mean(axis=0) == pytest.approx(np.zeros(12), abs=1e-3)
    assert np.cov(white.T) == pytest.approx(np.eye(12), abs=0.01)
    assert np.linalg.norm(whitener.transform(reference), axis=1) == pytest.approx(np.ones(5_000), abs=1e-5)
    variances = np.linalg.eigvalsh(np.cov(reference.T, bias=True))
    expected = np.sort(variances / (variances + 0.3 * variances.mean()))
    assert np.sort(other.var(axis=0)) == pytest.approx(expected, rel=1e-3)
    flat = np.ones((50, 4), np.float32)
    assert np.all(np.isfinite(Whitener.fit(flat).transform(flat)))


def shares_by_loop(similarity: np.ndarray, rows: np.ndarray, today: np.ndarray, k: int) -> list[float]:
    """Own share, mean share of today's neighbours, similarity. A neighbour's share leaves the account itself out."""
    near = [found[:k] for found in rows.tolist()]
    result = []
    for row, own in enumerate(near):
        share = sum(bool(today[other]) for other in own) / k
        hop = 0.0
        for neighbour in own:
            others = [other for other in near[neighbour] if other != row]
            if today[neighbour] and others:
                hop += sum(bool(today[other]) for other in others) / len(others) / k
        result.append(share + hop + 0.001 * float(np.mean(similarity[row, :k])))
    return result


@pytest.mark.parametrize("k", [1, 5, 20])
def test_shares_of_today_are_those_of_a_loop(k: int) -> None:
    similarity, rows = Index(clouds(200, 16, 8)).search_all(20)
    today = np.random.default_rng(8).random(200) < 0.3
    assert today_share(similarity, rows, today, k) == pytest.approx(shares_by_loop(similarity, rows, today, k))


@pytest.mark.parametrize("k", [10, 20])
def test_names_without_meaning_give_both_sides_the_same_scores(k: int) -> None:
    """Accounts called today's at random: they must not score higher than the rest, not even through their neighbours.

    Neighbours are mostly mutual, so an account that counts itself in its neighbours' shares gives itself away.
    """
    similarity, rows = Index(clouds(1_200, 16, 11, centres=150)).search_all(k)
    random = np.random.default_rng(11)
    differences, rates = [], []
    for _ in range(20):
        today = random.random(1_200) < 0.45
        scores = today_share(similarity, rows, today, k)
        differences.append(scores[today].mean() - scores[~today].mean())
        rates.append(np.mean(scores[today] > np.quantile(scores[~today], 0.95)))
    assert abs(np.mean(differences)) < 0.03
    assert np.mean(rates) < 0.065


def test_saturated_shares_are_told_apart_by_similarity() -> None:
    vectors = clouds(100, 8, 9)
    similarity, rows = Index(vectors).search_all(10)
    found = today_share(similarity, rows, np.ones(100, bool), 10)
    assert found.min() > 2.0 - 0.001
    assert np.array_equal(np.argsort(found), np.argsort(similarity.mean(axis=1)))


def test_an_inverted_file_that_finds_too_few_repeats_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty far-apart pairs: one probe of the inverted file sees few accounts, yet every row is filled."""
    monkeypatch.setattr(neighbours, "EXACT_MAX", 50)
    random = np.random.default_rng(10)
    vectors = unit(np.repeat(100.0 * random.normal(size=(100, 60)), 2, axis=0) + random.normal(size=(200, 60)))
    similarity, rows = Index(vectors).search_all(190)
    assert rows.shape == (200, 190)
    assert np.all((rows >= 0) & (rows < 200))
    assert not np.any(rows == np.arange(200)[:, None])
    assert np.all(np.isfinite(similarity))
    assert rows[:, 0].tolist() == [row ^ 1 for row in range(200)]
