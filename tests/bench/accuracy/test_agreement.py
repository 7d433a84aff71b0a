"""Agreement of groups: every figure against small cases worked out by hand."""

import math
from itertools import combinations

import numpy as np
import pytest

from bench.accuracy.agreement import adjusted_rand_index, agreement, apart, pairwise


def test_the_same_partition_under_other_names_is_perfect() -> None:
    truth = np.repeat([0, 1], 5)
    found = agreement(7 - 3 * truth, truth)
    assert (found.ari, found.grouping_accuracy, found.precision, found.recall, found.f1) == (1, 1, 1, 1, 1)
    assert (found.family_recall, found.families, found.found) == (1, 2, 2)
    assert math.isnan(found.honest_in_families)
    assert math.isnan(found.pollution)


def test_adjusted_rand_index_by_hand() -> None:
    # Cells 2, 1, 1, 2 of six rows: two pairs in common, six in each, of fifteen; expected 36 / 15.
    left, right = np.asarray([0, 0, 0, 1, 1, 1]), np.asarray([0, 0, 1, 0, 1, 1])
    assert adjusted_rand_index(left, right) == pytest.approx((2 - 2.4) / (6 - 2.4))
    assert adjusted_rand_index(left, left) == 1
    assert adjusted_rand_index(np.zeros(4, int), np.zeros(4, int)) == 1
    assert math.isnan(adjusted_rand_index(left[:0], left[:0]))


def test_pairs_are_counted_as_written() -> None:
    generator = np.random.default_rng(1)
    labels, truth = generator.integers(-1, 6, (2, 60))
    one, other = apart(labels), apart(truth)
    together = {pair for pair in combinations(range(60), 2) if one[pair[0]] == one[pair[1]]}
    alike = {pair for pair in combinations(range(60), 2) if other[pair[0]] == other[pair[1]]}
    both = len(together & alike)
    expected = (both / len(together), both / len(alike), 2 * both / (len(together) + len(alike)))
    assert pairwise(one, other) == pytest.approx(expected)


def test_rows_below_nought_are_alone() -> None:
    assert apart(np.asarray([-1, 4, -1, 4])).tolist() == [1, 0, 2, 0]
    assert agreement(np.full(4, -1), np.zeros(4, int)).recall == 0


def test_grouping_accuracy_wants_the_whole_group_and_no_other_row() -> None:
    truth = np.asarray([0, 0, 1, 1, 2, 2, -1])
    # The first is right, the second lacks a row, the third has a row without a template.
    labels = np.asarray([5, 5, 6, -1, 8, 8, 8])
    assert agreement(labels, truth).grouping_accuracy == pytest.approx(2 / 6)


def test_family_recall_wants_four_fifths_both_ways() -> None:
    truth = np.concatenate([np.repeat([0, 1, 2], 5), [3, 3, 3, 3], [-1, -1]])
    labels = np.concatenate([[0, 0, 0, 0, -1], [1, 1, 1, 1, 1], [2, 2, 2, 9, 9], [3, 3, 3, 3], [1, 1]])
    # 0: four of five, pure. 1: five of seven rows are its. 2: three of five. 3 has four members and does not count.
    found = agreement(labels, truth)
    assert found.families == 3
    assert found.family_recall == pytest.approx(1 / 3)
    assert found.found == 1


def test_honest_rows_in_families_and_beside_templates() -> None:
    truth = np.concatenate([np.zeros(3, int), np.full(10, -1)])
    labels = np.concatenate([[0, 0, 0], [0], np.full(5, 1), np.full(4, -1)])
    found = agreement(labels, truth)
    assert found.honest_in_families == pytest.approx(0.5)
    assert found.pollution == pytest.approx(0.1)
    # Of three templated pairs and three with the honest row in it, and ten among the honest.
    assert found.precision == pytest.approx(3 / 16)
    assert found.ari == 1
