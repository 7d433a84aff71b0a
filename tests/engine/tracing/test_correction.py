"""Holm's correction, beside a hand computation and its promise."""

import math

import numpy as np
import pytest

from gauger.engine.tracing.correction import holm


def test_the_example_by_hand() -> None:
    adjusted = holm([math.log10(p) for p in (0.01, 0.04, 0.03, 0.005)])
    assert [10**one for one in adjusted] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_tests_that_are_not_shown_count() -> None:
    assert holm([-3.0], 10) == pytest.approx([-2.0])
    assert holm([-0.5, -math.inf]) == [pytest.approx(-0.5), -math.inf]
    assert holm([]) == []


def test_families_of_true_hypotheses_are_rarely_rejected() -> None:
    random = np.random.default_rng(1)
    rejected = sum(min(holm(np.log10(random.random(8)).tolist())) <= math.log10(0.05) for _ in range(2_000))
    assert 60 < rejected < 140
