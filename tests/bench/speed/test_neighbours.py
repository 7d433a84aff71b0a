"""The bench of nearest accounts, on few of them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speed import neighbours


def test_accounts_lie_about_their_centres() -> None:
    found = neighbours.accounts(3_000)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3_000), abs=1e-5)
    similarity = np.sort(found[:50] @ found.T, axis=1)
    assert np.all(similarity[:, -neighbours.K] > 2 * np.abs(similarity[:, 1_500]))


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


def test_the_table_has_a_row_a_size_and_one_more_where_some_are_looked_among(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "BOUND", 550)
    neighbours.main(["--accounts", "600", "500", "--workers", "1"])
    rows = [row.split("|") for row in capsys.readouterr().out.splitlines()[2:] if row]
    assert [(row[1].strip(), row[2].strip()) for row in rows] == [("500", "500"), ("600", "550"), ("600", "600")]
    assert all(row[7].strip() == "100.0" for row in rows)
