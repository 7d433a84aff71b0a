"""The bench of nearest accounts, on few of them."""

import numpy as np
import pytest

from bench.speed import neighbours


def test_recall_is_the_share_of_true_neighbours() -> None:
    vectors = neighbours.accounts(1_000)
    order = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1 : neighbours.K + 1]
    assert neighbours.recall(vectors, order, np.arange(1_000)) == 1.0
    assert neighbours.recall(vectors, neighbours.found(vectors, np.arange(1_000)), np.arange(1_000)) == 1.0
    among = np.arange(0, 1_000, 3)
    assert neighbours.recall(vectors, neighbours.found(vectors, among), among) == 1.0
    half = order.copy()
    half[:, neighbours.K // 2 :] = -1
    assert neighbours.recall(vectors, half, np.arange(1_000)) == pytest.approx(0.5)
