"""W against SciPy's, which takes one sample at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import shapiro

from gauger.engine.statistics.shapiro import coefficients, shapiro_wilk


@pytest.mark.parametrize("size", range(3, 51))
def test_w_is_that_of_scipy(size: int) -> None:
    random = np.random.default_rng(size)
    samples = [random.normal(size=size), random.exponential(size=size), 5.0 + random.random(size)]
    found = shapiro_wilk(np.concatenate(samples), np.repeat(np.arange(3), size), 3, 3)
    assert found == pytest.approx([shapiro(sample).statistic for sample in samples], rel=1e-6)


def test_owners_are_kept_apart_whatever_the_order() -> None:
    random = np.random.default_rng(1)
    owner = random.integers(0, 40, 700)
    values = random.normal(size=700)
    found = shapiro_wilk(values, owner, 41, 10)
    order = random.permutation(700)
    np.testing.assert_array_equal(shapiro_wilk(values[order], owner[order], 41, 10), found)
    for account in range(41):
        own = values[owner == account]
        expected = shapiro(own).statistic if len(own) >= 10 else np.nan
        assert found[account] == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_equal_values_have_none() -> None:
    for value in (0.7, 0.0):
        assert np.isnan(shapiro_wilk(np.full(12, value), np.zeros(12, np.int64), 1, 10)).all()


def test_coefficients_are_antisymmetric_and_of_unit_length() -> None:
    for size in range(3, 41):
        weights = coefficients(size)
        assert weights == pytest.approx(-weights[::-1])
        assert weights @ weights == pytest.approx(1.0, abs=1e-9)
