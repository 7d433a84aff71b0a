"""The bench of nearest accounts, on few of them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speed import neighbours


def test_recall_is_the_share_of_true_neighbours() -> None:
    vectors = neighbours.accounts(1_000)
    order = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1 : neighbours.K + 1]
    assert neighbours.recall(vectors, order, np.arange(1_000)) == 1.0
    half = order.copy()
    half[:, neighbours.K // 2 :] = -1
    assert neighbours.recall(vectors, half, np.arange(1_000)) == pytest.approx(0.5)


def test_accounts_that_are_not_looked_among_are_nobodys_true_neighbours() -> None:
    vectors = neighbours.accounts(1_000)
    among = np.arange(0, 1_000, 2)
    products = vectors @ vectors[among].T
    products[np.arange(1_000)[:, None] == among] = -np.inf
    order = among[np.argsort(-products, axis=1)[:, : neighbours.K]]
    assert neighbours.recall(vectors, order, among) == 1.0
    assert neighbours.recall(vectors, order, np.arange(1_000)) < 0.8
