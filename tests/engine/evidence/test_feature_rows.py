"""Feature rows in several arrays against one array of them all."""

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.kernels.text.features import FEATURES


def two_parts() -> tuple[FeatureRows, np.ndarray]:
    """Feature rows in two arrays and another order, and the same in one."""
    random = np.random.default_rng(33)
    first, second = (random.integers(-127, 128, (count, FEATURES), dtype=np.int8) for count in (400, 300))
    stored = random.permutation(400)[:350], random.permutation(300)
    return FeatureRows((first, stored[0]), (second, stored[1])), np.concatenate([first[stored[0]], second[stored[1]]])


def test_rows_are_those_of_their_parts() -> None:
    rows, whole = two_parts()
    anywhere = np.random.default_rng(34).integers(0, 650, 99)
    for wanted in (np.arange(650), np.arange(40), np.arange(345, 360), np.arange(400, 420), anywhere, anywhere[:0]):
        assert np.array_equal(rows[wanted], whole[wanted])


def test_projections_are_products_and_the_same_however_rows_are_stored() -> None:
    rows, whole = two_parts()
    random = np.random.default_rng(36)
    directions, which = random.normal(size=(3, FEATURES)).astype(np.float32), random.integers(0, 3, 650)
    found = rows.project(directions, which)
    exact = np.einsum("ij,ij->i", whole.astype(np.float64), directions.astype(np.float64)[which])
    assert found == pytest.approx(exact, rel=1e-3, abs=1e-2)
    with threads.use(3):
        assert np.array_equal(found, FeatureRows((whole, np.arange(650))).project(directions, which))
