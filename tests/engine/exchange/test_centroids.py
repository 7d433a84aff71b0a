"""Centroids: of the oddest calls, of k accounts at least, whatever the accounts are."""

import numpy as np
import pytest

from gauger.engine.common.vectors import unit
from gauger.engine.exchange.centroids import centroids_of, groups_of, odd_vectors
from gauger.kernels.text.features import FEATURES
from tests.engine import worlds

CALLS, ODD = 20, 4


def direction(topic: int) -> np.ndarray:
    rows = worlds.feature_rows(np.random.default_rng(9), np.full(3_000, topic))
    return unit(rows.mean(axis=0, keepdims=True))[0]


def test_centroids_are_of_the_oddest_calls_and_not_of_the_padding() -> None:
    found = worlds.population(5, 60, CALLS, planted=[(60, ODD)])
    reference = worlds.population(6, 600, CALLS)
    centroids, behind = centroids_of(found, reference)
    assert (centroids.dtype, centroids.shape[1]) == (np.int8, FEATURES)
    assert behind.sum() == 60
    assert behind.min() >= 10
    assert np.all(np.abs(centroids.astype(int)).max(axis=1) == 127)
    own, padding = (unit(centroids) @ direction(topic) for topic in (worlds.HONEST_TOPICS, 0))
    assert own.min() > 0.8
    assert padding.max() < 0.4
    assert np.mean(odd_vectors(found, reference) @ direction(worlds.HONEST_TOPICS)) > 0.6


@pytest.mark.parametrize("accounts", [10, 11, 19, 35])
@pytest.mark.parametrize("seed", range(3))
def test_no_group_is_smaller_than_k(accounts: int, seed: int) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(accounts, 30)))
    group = groups_of(vectors, max(1, accounts // 10), 10)
    sizes = np.bincount(group)
    assert sizes.sum() == accounts
    assert sizes[sizes > 0].min() >= 10


def test_accounts_that_are_the_same_are_one_group() -> None:
    vectors = np.tile(unit(np.arange(1.0, 9.0)[None]), (40, 1))
    assert len(set(groups_of(vectors, 4, 10).tolist())) == 1


def test_groups_are_those_that_are_there() -> None:
    random = np.random.default_rng(1)
    middles = np.eye(3, 20)
    vectors = unit(np.repeat(middles, 20, axis=0) + 0.05 * random.normal(size=(60, 20)))
    group = groups_of(vectors, 3, 10)
    same = group[:, None] == group
    kind = np.repeat(np.arange(3), 20)
    assert np.mean(same[kind[:, None] == kind]) == 1.0  # a kind is never torn apart, though two may be joined
