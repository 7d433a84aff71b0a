"""The bench of nearest accounts, on few of them."""

from __future__ import annotations

import numpy as np
import pytest

from bench import neighbours


def test_accounts_lie_about_their_centres() -> None:
    found = neighbours.accounts(3_000)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3_000), abs=1e-5)
    similarity = np.sort(found[:50] @ found.T, axis=1)
    assert np.all(similarity[:, -neighbours.K] > 2 * np.abs(similarity[:, 1_500]))


def test_recall_is_the_share_of_true_neighbours() -> None:
    vectors = neighbours.accounts(1_000)
    order = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1 : neighbours.K + 1]
    assert neighbours.recall(vectors, order) == 1.0
    half = order.copy()
    half[:, neighbours.K // 2 :] = -1
    assert neighbours.recall(vectors, half) == pytest.approx(0.5)


def test_the_table_has_a_row_a_size(capsys: pytest.CaptureFixture[str]) -> None:
    neighbours.main(["--accounts", "600", "500", "--workers", "1"])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows if row] == ["500", "600"]
    assert all("| 100.0 |" in row for row in rows if row)
