"""The reference is its days one after another: nothing merged, nothing lost, owners pointing where they should."""

from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from tests.engine import calls
from tests.engine.statistics.test_population import facts

CALLS = calls.some_calls(120, days=3, seed=17)


def day(number: int) -> Population:
    pane = calls.MONDAY_US // calls.DAY_US + number
    return population_of(calls.state_of(CALLS), [pane])[0]


def test_every_row_keeps_what_is_its_own_and_owners_stay_ascending() -> None:
    """An account seen on two days is two rows."""
    days = [day(0), day(1), day(2)]
    joined = concatenate(days)
    assert joined.account_ids == [name for part in days for name in part.account_ids]
    assert len(set(joined.account_ids)) < len(joined)
    for owners in (joined.sample_owner, joined.link_owner):
        assert np.all(np.diff(owners) >= 0)
    renamed = [
        replace(part, account_ids=[f"{name} on day {number}" for name in part.account_ids])
        for number, part in enumerate(days)
    ]
    expected = {name: fact for part in renamed for name, fact in facts(part).items()}
    assert facts(concatenate(renamed)) == expected
    assert facts(concatenate(days[1:2])) == facts(days[1])


def test_only_statistics_that_every_day_has_are_kept() -> None:
    """A day kept by an earlier version may lack some: today cannot be compared in them."""
    whole, later = day(0), day(1)
    less = {name: values for name, values in later.statistics.items() if name != "repeat_pairs"}
    joined = concatenate([whole, replace(later, statistics=less)])
    assert list(joined.statistics) == sorted(set(whole.statistics) - {"repeat_pairs"})
    assert {len(values) for values in joined.statistics.values()} == {len(joined)}


def test_a_day_logged_without_a_column_has_nothing_to_rank_in() -> None:
    bare = population_of(calls.state_of(CALLS, calls.ID_COLUMNS))[0]
    joined = concatenate([day(0), bare]).statistics["elicitation_share"]
    assert np.isnan(joined[len(day(0)) :]).all()
    assert not np.isnan(joined[: len(day(0))]).all()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_empty_day_adds_nothing(place: int) -> None:
    nobody = day(0).select(np.zeros(len(day(0)), bool))
    days = [day(0), day(1)]
    days.insert(place, nobody)
    expected, joined = concatenate([day(0), day(1)]), concatenate(days)
    assert joined.account_ids == expected.account_ids
    np.testing.assert_array_equal(joined.sample_owner, expected.sample_owner)
    np.testing.assert_array_equal(joined.link_owner, expected.link_owner)
