"""Parts of a finding: by the template that accounts use, or by where they lie on the map."""

import numpy as np
import pyarrow as pa

from gauger.report.members import Members
from gauger.report.narrative import parted
from gauger.report.parts import parts_of

ACCOUNTS = 100


def members(family: list[int], x: np.ndarray, in_family: list[bool] | None = None) -> Members:
    """``ACCOUNTS`` accounts with ten calls each in one family."""
    table = pa.table({"map_x": x, "map_y": np.zeros(ACCOUNTS)})
    rows = np.arange(ACCOUNTS)
    inside = np.ones(ACCOUNTS, bool) if in_family is None else np.array(in_family)
    return Members(table, {0: (0, ACCOUNTS)}, rows, np.array(family), np.full(ACCOUNTS, 10), inside)


def test_accounts_of_two_templates_are_two_parts_largest_first() -> None:
    family = [-7] * 40 + [3] * 60
    parts, label = parts_of(members(family, np.zeros(ACCOUNTS)), 0, ACCOUNTS)
    assert [(part.accounts, part.family) for part in parts] == [(60, 3), (40, -7)]
    assert label.tolist() == [1] * 40 + [0] * 60
    assert parted(parts) == [
        "It has two parts: part A, 60 accounts with most calls in family 3; "
        "part B, 40 accounts with most calls in family -7."
    ]


def test_the_rest_without_a_family_is_a_part() -> None:
    inside = [True] * 30 + [False] * 70
    parts, _ = parts_of(members([5] * ACCOUNTS, np.zeros(ACCOUNTS), inside), 0, ACCOUNTS)
    assert [(part.accounts, part.family) for part in parts] == [(70, None), (30, 5)]


def test_one_template_is_of_one_piece() -> None:
    parts, label = parts_of(members([5] * 98 + [6] * 2, np.random.default_rng(1).normal(0, 1, ACCOUNTS)), 0, ACCOUNTS)
    assert parts == []
    assert set(label.tolist()) == {-1}
    assert parted(parts) == []


def test_two_crowds_on_the_map_are_two_parts_whoever_strays() -> None:
    random = np.random.default_rng(3)
    x = np.concatenate([random.normal(0, 0.1, 55), random.normal(3, 0.1, 44), [1e6]])
    parts, label = parts_of(members([5] * ACCOUNTS, x), 0, ACCOUNTS)
    assert [part.by_map for part in parts] == [True, True]
    first, second = label[:55], label[55:99]
    assert (first == np.median(first)).sum() >= 50  # who lies between the crowds is in neither
    assert (second == np.median(second)).sum() >= 40
    assert np.median(first) != np.median(second)


def test_accounts_without_a_place_are_in_no_part() -> None:
    parts, label = parts_of(members([5] * ACCOUNTS, np.full(ACCOUNTS, np.nan)), 0, ACCOUNTS)
    assert parts == []
    assert len(label) == ACCOUNTS
