"""Projections against exact sums."""

from __future__ import annotations

import numpy as np
import pytest

from gauger.kernels.accounts.projection import project
from gauger.kernels.text.features import FEATURES


def test_rows_are_projected_each_on_its_own_direction() -> None:
    random = np.random.default_rng(1)
    features = random.integers(-127, 128, (50, FEATURES), dtype=np.int8)
    directions = random.normal(size=(4, FEATURES)).astype(np.float32)
    rows, which, places = random.integers(0, 50, 30), random.integers(0, 4, 30), random.permutation(40)[:30]
    out = np.full(40, np.nan, np.float32)
    project(features, rows, which, directions, places, out)
    exact = np.einsum("ij,ij->i", features[rows].astype(np.float64), directions[which].astype(np.float64))
    assert out[places] == pytest.approx(exact, rel=1e-4, abs=1e-2)
    assert np.isnan(np.delete(out, places)).all()


def test_whole_numbers_are_exact() -> None:
    features = np.full((1, FEATURES), 127, np.int8)
    out = np.empty(1, np.float32)
    nought = np.zeros(1, np.int64)
    project(features, nought, nought, np.full((1, FEATURES), 127, np.float32), nought, out)
    assert out[0] == FEATURES * 127**2
