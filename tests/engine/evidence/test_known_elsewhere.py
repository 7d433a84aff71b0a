"""Accounts that are like another provider's finding: ranked among the own reference, both sides asked alike."""

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.evidence import gather
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.known_elsewhere import KNOWN_ELSEWHERE, KnownElsewhere, SharedFinding
from gauger.engine.evidence.parts import parts_of
from gauger.engine.evidence.pool import Pool
from gauger.engine.evidence.sifting import PooledCalls
from gauger.engine.statistics.population import Population
from tests.engine import worlds

KEY = worlds.SECRET.key
SETTINGS = Settings(reference_accounts_min=300, alarm_level=0.01, neighbours=(10, 20))
ODD, CALLS, PLANTED = 3, 20, 4


def handed_over(topic: int, name: str = "theirs") -> SharedFinding:
    """Centroids of calls about a topic, of accounts that no population here has."""
    random = np.random.default_rng(100 + topic)
    rows = worlds.feature_rows(random, np.full(400, topic)).reshape(4, 100, -1)
    return SharedFinding(name, unit(rows.mean(axis=1)), np.array([10, 20, 30, 40]))


THEIRS = handed_over(worlds.HONEST_TOPICS)


@pytest.fixture(scope="module")
def reference() -> Population:
    return worlds.population(1, 900, CALLS)


@pytest.fixture(scope="module")
def today() -> Population:
    return worlds.population(2, 300, CALLS, planted=[(PLANTED, ODD)])


def tails(today: Population, reference: Population, *shared: SharedFinding) -> np.ndarray:
    pool = Pool(today, reference, KEY, SETTINGS, shared=shared)
    return pool.known_elsewhere.tails[:, : len(today)]


def test_a_few_padded_accounts_are_found_by_what_another_provider_found(
    today: Population, reference: Population
) -> None:
    found = tails(today, reference, THEIRS)[0]
    assert np.all(found[:PLANTED] < 0.002)
    assert np.mean(found[PLANTED:] < 0.01) < 0.03


def test_another_campaign_finds_nobody(today: Population, reference: Population) -> None:
    found = tails(today, reference, handed_over(worlds.HONEST_TOPICS + 3))[0]
    assert np.mean(found[:PLANTED] < 0.01) < 0.3


def test_centroids_of_honest_crowds_flag_no_more_than_the_level(today: Population, reference: Population) -> None:
    """Poison: the crowds are in the receiver's reference, too."""
    found = tails(today, reference, *(handed_over(topic, f"{topic}") for topic in range(5)))[:, PLANTED:]
    assert np.mean(found < 0.01) < 0.01 + 3 * np.sqrt(0.01 * 0.99 / found.size)


def test_the_reference_is_ranked_as_an_honest_day_is(reference: Population) -> None:
    pool = Pool(worlds.population(3, 300, CALLS), reference, KEY, SETTINGS, shared=(THEIRS,))
    scores = pool.known_elsewhere.tails[0]
    new, old = scores[:300], scores[300:]
    assert np.mean(new < 0.5) == pytest.approx(0.5, abs=0.12)
    assert np.mean(old < 0.5) == pytest.approx(0.5, abs=0.01)


def test_of_several_findings_the_one_most_alike_counts(today: Population, reference: Population) -> None:
    other = handed_over(worlds.HONEST_TOPICS + 3, "other")
    pool = Pool(today, reference, KEY, SETTINGS, shared=(other, THEIRS))
    both = pool.known_elsewhere
    assert both.tails.shape == (2, len(today) + len(reference))
    np.testing.assert_allclose(both.scores, -np.log10(both.tails.min(axis=0)))
    np.testing.assert_array_equal(both.tails[1], KnownElsewhere.among(pool.calls, (THEIRS,)).tails[0])


def test_accounts_nothing_was_learnt_from_are_told_the_same(today: Population, reference: Population) -> None:
    """As the sweep asks: by what was learnt from others."""
    learnt = Pool(worlds.population(4, 200, CALLS), reference, KEY, SETTINGS, shared=(THEIRS,))
    asked = PooledCalls(
        FeatureRows((today.sample_features, today.sample_row)),
        today.sample_owner,
        np.ones(len(today), bool),
        np.zeros(len(today), np.int64),
        today.sample_identity,
    )
    swept = learnt.known_elsewhere.of_others(asked)
    np.testing.assert_allclose(np.log10(swept.tails), np.log10(tails(today, reference, THEIRS)), atol=1e-3)


def test_it_is_a_part_only_where_a_finding_was_handed_over(today: Population, reference: Population) -> None:
    assert KNOWN_ELSEWHERE not in [part.name for part in parts_of(SETTINGS)]
    without, given = (gather(today, reference, KEY, SETTINGS, shared) for shared in ((), (THEIRS,)))
    assert KNOWN_ELSEWHERE not in without.parts
    assert np.all(given.parts[KNOWN_ELSEWHERE][:PLANTED] < 0.002)
    assert np.sum(without.probability[:PLANTED] < 0.01) < PLANTED / 2
    assert np.all(given.probability[:PLANTED] < 0.01)
    assert np.mean(given.probability[PLANTED:] < 0.01) < 0.03


def test_in_a_large_day_those_swept_are_told_as_those_learnt_from() -> None:
    """Two thirds of this day's accounts are learnt from, the others swept: the planted are among both."""
    few, many = worlds.population(5, 330, CALLS), worlds.population(6, 990, CALLS, planted=[(24, ODD)])
    settings = Settings(reference_accounts_min=300, alarm_level=0.01, neighbours=(10, 20))
    found = gather(many, few, KEY, settings, (THEIRS,))
    assert np.all(found.parts[KNOWN_ELSEWHERE][:24] < 0.01)
    assert np.mean(found.parts[KNOWN_ELSEWHERE][24:] < 0.01) < 0.03
    among = tails(many, few, THEIRS)[0]
    np.testing.assert_allclose(found.parts[KNOWN_ELSEWHERE], among, atol=0.01)
