"""Statistics against the reference: recounted call by call, for both sides."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common.vectors import unit
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.pool import (
    NAMES,
    cell_statistics,
    counted_cells,
    history_shift,
    pooled_statistics,
    statistics_of_others,
)
from tests.engine import worlds

KEY = worlds.SECRET.key


def test_cells_are_counted_without_the_account_itself() -> None:
    random = np.random.default_rng(1)
    today = np.arange(14) < 6
    owner = np.sort(random.integers(0, 14, 120))
    cells = random.integers(0, 12, 120)
    fresh, odds = cell_statistics(cells, owner, today)
    for account in range(14):
        new, total = [], []
        for cell in cells[owner == account].tolist():
            holders = set(owner[cells == cell].tolist()) - {account}
            sides = [(len([one for one in holders if today[one] == side]), side) for side in (True, False)]
            sizes = [int(np.sum(today == side)) - (today[account] == side) for _, side in sides]
            logits = [
                math.log((held + 0.5) / (size - held + 0.5)) for (held, _), size in zip(sides, sizes, strict=True)
            ]
            new.append(sides[1][0] == 0)
            total.append(logits[0] - logits[1])
        assert fresh[account] == pytest.approx(np.mean(new))
        assert odds[account] == pytest.approx(np.mean(total))


def test_an_account_without_calls_has_none() -> None:
    fresh, odds = cell_statistics(np.array([3, 3]), np.array([0, 2]), np.array([True, True, False]))
    assert np.isnan([fresh[1], odds[1]]).all()
    assert not np.isnan([fresh[0], odds[0], fresh[2], odds[2]]).any()


def test_history_is_the_latest_other_day() -> None:
    names = ["a", "b", "c", "a", "b", "a", "d"]  # three of today, then the reference by day
    today = np.arange(7) < 3
    sums = np.random.default_rng(2).integers(-50, 50, (7, 8)).astype(np.int32)
    other = [5, 4, None, 5, None, 3, None]
    vectors = unit(sums).astype(np.float64)
    expected = [math.nan if row is None else 1 - vectors[own] @ vectors[row] for own, row in enumerate(other)]
    assert history_shift(names, sums, today) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_planted_content_is_new_and_todays() -> None:
    reference, today = worlds.population(1, 300, 10), worlds.population(2, 200, 10, planted=[(40, 10)])
    found = pooled_statistics(today, reference, KEY)
    assert set(found) == set(NAMES)
    assert all(len(values) == 500 for values in found.values())
    for name in ("new_cell_rate", "spread_log_odds"):
        assert np.median(found[name][:40]) > np.median(found[name][40:200])
    honest, old = found["new_cell_rate"][40:200], found["new_cell_rate"][200:]
    assert np.mean(honest) == pytest.approx(np.mean(old), abs=0.1)
    assert np.isnan(found["history_shift"]).all()  # the two days share no account


def test_accounts_that_were_not_counted_are_asked_what_the_others_were() -> None:
    """By a loop over the accounts: each is put among those counted, which then leave it out of what it meets."""
    reference, today = worlds.population(4, 60, 5), worlds.population(5, 40, 5)
    counts = counted_cells(today, reference, KEY)
    names = [*reference.account_ids[:2], "c", "d"]
    asked = replace(worlds.population(6, 4, 5), account_ids=names)
    found = statistics_of_others(asked, reference, counts, KEY)
    assert set(found) == set(NAMES)
    for row in range(4):
        with_it = concatenate([today, asked.select(np.arange(4) == row)])
        expected = pooled_statistics(with_it, reference, KEY)
        for name in NAMES:
            assert found[name][row] == pytest.approx(expected[name][40], nan_ok=True), name


def test_a_population_that_stayed_is_its_own_history() -> None:
    reference = worlds.population(3, 50, 6)
    found = pooled_statistics(reference, reference, KEY)["history_shift"]
    assert found[:50] == pytest.approx(np.zeros(50), abs=1e-6)
    assert np.isnan(found[50:]).all()
