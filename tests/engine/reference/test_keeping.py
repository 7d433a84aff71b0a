"""What is kept of a day: clean accounts up to a bound, thin ones by hash, lone ones, and everybody's background."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.hashing import hash_column
from gauger.engine.reference.keeping import bounded, least, spread_out
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.people import background_of_people
from gauger.engine.statistics.shared_text import own_background, own_text
from tests.engine import calls, worlds

SECRET = calls.SECRET
POPULATION = population_of(calls.state_of(calls.some_calls(200, accounts=30, seed=12)))[0]
SETTINGS = replace(calls.SETTINGS, calls_min=4)


@pytest.mark.parametrize(("count", "most"), [(0, 5), (5, 5), (6, 5), (1_000, 5), (1_000, 400)])
def test_a_choice_is_spread_over_the_rows(count: int, most: int) -> None:
    found = spread_out(count, most, SECRET)
    assert len(found) == min(count, most)
    assert sorted(set(found.tolist())) == found.tolist()
    assert found.tolist() == spread_out(count, most, SECRET).tolist()
    if most == 400:
        assert np.histogram(found, 4, (0, count))[0] == pytest.approx([100] * 4, abs=30)


def test_a_bounded_population_is_a_choice_of_its_accounts() -> None:
    assert bounded(POPULATION, len(POPULATION), SECRET) is POPULATION
    rows = spread_out(len(POPULATION), 7, SECRET)
    assert bounded(POPULATION, 7, SECRET).account_ids == [POPULATION.account_ids[row] for row in rows]


def test_the_least_are_the_same_accounts_on_every_day() -> None:
    names = [f"account-{number}" for number in range(50)]
    hashes = hash_column(SECRET.key, pa.array(names, pa.string()))
    rows = np.arange(0, 50, 2)
    found = least(names, rows, 6, SECRET)
    assert set(found.tolist()) == set(rows[np.argsort(hashes[rows])[:6]].tolist())
    assert found.tolist() == sorted(found.tolist())
    assert least(names, rows, 99, SECRET).tolist() == rows.tolist()


@pytest.mark.parametrize("most", [3, 1_000])
def test_a_day_is_parted_by_hand(most: int) -> None:
    settings = replace(SETTINGS, reference_accounts_max=most)
    random = np.random.default_rng(3)
    flagged = random.random(len(POPULATION)) < 0.3
    lone = flagged & (random.random(len(POPULATION)) < 0.5)
    kept = worlds.kept(POPULATION, settings, SECRET, flagged=flagged, lone=lone)
    enough = POPULATION.calls >= settings.calls_min
    clean = POPULATION.select(enough & ~flagged)
    assert kept.reference.account_ids == bounded(clean, most, SECRET).account_ids
    thin = {POPULATION.account_ids[row] for row in np.flatnonzero(~enough & ~flagged)}
    assert set(kept.thin.account_ids) <= thin
    assert len(kept.thin) == min(most, len(thin))
    calls.assert_same_population(kept.lone, POPULATION.select(lone))
    # The background is of all clean accounts, also of those that are not kept, without calls of shared text.
    background = background_of_people(clean, SECRET.key, settings.calls_min)
    background = own_background(background, kept.reference, SECRET.key)
    if most == 1_000:
        whole = background_of_people(own_text(clean), SECRET.key, settings.calls_min)
        np.testing.assert_array_equal(background.total, whole.total)
    np.testing.assert_array_equal(kept.reference.background.count, background.count)
    np.testing.assert_array_equal(kept.reference.background.total, background.total)
