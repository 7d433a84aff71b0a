"""People in memory: units part the accounts, and together they are everybody."""

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common import shards
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.vectors import unit
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.people import Whole, background_of_people, totals_of
from gauger.kernels.text.features import FEATURES
from tests.engine import calls

KEY, CALLS_MIN = calls.SECRET.key, 4
POPULATION = population_of(calls.state_of(calls.some_calls(300, accounts=40, seed=9)))[0]


@pytest.fixture(params=[1_000, 80, 1])
def people(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Whole:
    """In one unit, in four, and in as many as there can be."""
    monkeypatch.setattr(shards, "_UNIT_CALLS", request.param)
    return Whole(POPULATION, KEY, CALLS_MIN)


def test_units_part_the_accounts_by_keyed_hash(people: Whole) -> None:
    hashes = hash_column(KEY, pa.array(POPULATION.account_ids, pa.string()))
    units = shards.unit_of(hashes, people.units)
    found = [people.rows(number).tolist() for number in range(people.units)]
    assert found == [np.flatnonzero(units == number).tolist() for number in range(people.units)]
    for number, rows in enumerate(found):
        loaded = people.load(number)
        calls.assert_same_population(loaded, POPULATION.select(units == number))
        owner, identity = people.sampled_of(number)
        assert (owner.tolist(), identity.tolist()) == (loaded.sample_owner.tolist(), loaded.sample_identity.tolist())
        assert loaded.account_ids == [POPULATION.account_ids[row] for row in rows]


def test_some_accounts_are_gathered_from_any_unit(people: Whole) -> None:
    rows = np.asarray([0, 3, 4, 17, len(POPULATION) - 1])
    kept = np.isin(np.arange(len(POPULATION)), rows)
    calls.assert_same_population(people.gather(rows), POPULATION.select(kept))
    np.testing.assert_array_equal(people.sums(rows), POPULATION.sums[rows])
    owner, prompt = people.sampled()
    np.testing.assert_array_equal(owner, POPULATION.sample_owner)
    np.testing.assert_array_equal(prompt, POPULATION.sample_prompt)


def test_totals_are_sums_over_accounts_and_over_calls_of_those_that_have_enough(people: Whole) -> None:
    totals = people.totals
    assert totals.direction == pytest.approx(unit(POPULATION.sums).sum(axis=0, dtype=np.float64), abs=1e-5)
    enough = POPULATION.calls[POPULATION.sample_owner] >= CALLS_MIN
    assert 0 < enough.sum() < len(enough)
    features = POPULATION.sample_features[POPULATION.sample_row[enough]].astype(np.int64)
    assert totals.background.count.sum() == enough.sum()
    np.testing.assert_array_equal(totals.background.total.sum(axis=0), features.sum(axis=0))


def test_totals_add_and_a_background_can_be_taken_away() -> None:
    kept = np.arange(len(POPULATION)) % 3 == 0
    one, other, both = (totals_of(part, KEY, CALLS_MIN) for part in (*_halves(kept), POPULATION))
    found = one.plus(other)
    assert found.direction == pytest.approx(both.direction)
    np.testing.assert_array_equal(found.background.total, both.background.total)
    rest = both.background.minus(background_of_people(POPULATION.select(kept), KEY, CALLS_MIN))
    np.testing.assert_array_equal(rest.total, other.background.total)
    np.testing.assert_array_equal(rest.count, other.background.count)
    nobody = totals_of(POPULATION.select(kept & ~kept), KEY, CALLS_MIN)
    assert nobody.direction.tolist() == [0.0] * FEATURES
    assert nobody.background.count.sum() == 0


def _halves(kept: np.ndarray) -> tuple:
    return POPULATION.select(kept), POPULATION.select(~kept)
