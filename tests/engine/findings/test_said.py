"""What accounts said: aligned with how odd each call is; how alike an account's calls are, recounted in pairs."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from gauger.engine.common import shards
from gauger.engine.common.vectors import unit
from gauger.engine.findings import said as module
from gauger.engine.findings.said import Said, alikeness, alikeness_among, looked_at, said_by, said_of, usual_alikeness
from gauger.engine.statistics.people import Whole
from tests.engine import worlds

KEY = worlds.SECRET.key


def naive(said: Said) -> float:
    vectors = unit(said.features[said.row]).astype(float)
    vectors -= vectors.mean(axis=0)
    same, different = [], []
    for left, right in combinations(range(len(vectors)), 2):
        (same if said.owner[left] == said.owner[right] else different).append(vectors[left] @ vectors[right])
    return (np.mean(same) - np.mean(different)) / np.mean(np.sum(vectors**2, axis=1))


def dealt(seed: int, accounts: int = 12, calls: int = 6) -> Said:
    """Calls of many topics, dealt at random."""
    random = np.random.default_rng(seed)
    features = worlds.feature_rows(random, random.integers(0, worlds.HONEST_TOPICS, accounts * calls))
    population = worlds.population(seed, accounts, calls)
    return said_of(replace(population, sample_features=features))


def of_topics(seed: int, accounts: int = 12, calls: int = 6) -> Said:
    """Each account has a topic of its own."""
    random = np.random.default_rng(seed)
    features = worlds.feature_rows(random, np.repeat(np.arange(accounts), calls))
    return said_of(replace(worlds.population(seed, accounts, calls), sample_features=features))


@pytest.mark.parametrize("make", [dealt, of_topics])
def test_alikeness_is_what_all_pairs_say(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)  # accounts are cut by blocks
    said = make(5)
    assert alikeness(said).share == pytest.approx(naive(said), abs=1e-6)


def test_calls_that_were_dealt_are_not_alike_and_calls_of_a_topic_are() -> None:
    one, other = alikeness(dealt(1)), alikeness(of_topics(2))
    assert abs(one.share) < 3 * one.error
    assert other.share > 10 * other.error > 0


def test_the_error_is_what_repetition_shows() -> None:
    found = [alikeness(dealt(seed, accounts=30)) for seed in range(60)]
    spread = np.std([one.share for one in found])
    assert 0.7 * spread < np.mean([one.error for one in found]) < 1.5 * spread


def test_too_few_accounts_say_nothing() -> None:
    assert np.isnan(alikeness(dealt(1, accounts=2)).share)
    assert np.isnan(alikeness(dealt(1, accounts=9, calls=1)).share)


def test_what_accounts_said_lies_with_how_odd_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    population = worlds.population(4, 40, 5)
    odd = np.random.default_rng(1).random(200)
    accounts = np.array([3, 4, 17, 30])
    kept = np.isin(population.sample_owner, accounts)
    for calls_of_unit in (1_000, 50):
        monkeypatch.setattr(shards, "_UNIT_CALLS", calls_of_unit)
        people = Whole(population, KEY)
        of_units = [odd[np.isin(population.sample_owner, people.rows(number))] for number in range(people.units)]
        found = said_by(people, accounts, of_units)
        assert (people.units > 1) == (calls_of_unit == 50)
        np.testing.assert_array_equal(found.probability, odd[kept])
        np.testing.assert_array_equal(found.features[found.row], population.sample_features[kept])
        assert found.of(np.array([4, 30])).owner.tolist() == [0] * 5 + [1] * 5
        np.testing.assert_array_equal(found.of(np.array([17])).probability, odd[population.sample_owner == 17])


def test_without_evidence_all_calls_are_looked_at() -> None:
    people = Whole(worlds.population(4, 10, 5), KEY)
    assert said_by(people, np.arange(3), []).odd.all()
    told = replace(said_of(people.accounts), probability=np.where(np.arange(50) % 2, 0.001, 0.2))
    assert told.odd.tolist() == [False, True] * 25


def test_of_many_accounts_a_spread_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCOUNTS_MAX", 4)
    assert looked_at(np.arange(9)).tolist() == [0, 3, 6]
    assert looked_at(np.arange(4)).tolist() == [0, 1, 2, 3]


def test_calls_of_shared_text_do_not_make_accounts_alike() -> None:
    population = worlds.population(9, 30, 6)
    senders = np.where(np.arange(180) % 6 == 0, -20, 1).astype(np.int32)
    features = population.sample_features.copy()
    features[::6] = features[0]
    told = replace(population, sample_features=features, sample_senders=senders)
    own = np.arange(180) % 6 != 0
    expected = naive(said_of(told).where(own))
    assert alikeness_among(told).share == pytest.approx(expected, abs=1e-6)
    assert usual_alikeness(Whole(told, KEY), np.zeros(0, np.int64)).share == pytest.approx(expected, abs=1e-6)
