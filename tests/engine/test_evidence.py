"""Evidence: what is said when there is none, a calm null, a planted campaign, and accounts kept in their places."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from gauger.engine.calibration import combine
from gauger.engine.evidence import Evidence, gather, no_evidence
from gauger.engine.population import Population
from gauger.engine.settings import Settings
from tests.engine import worlds

KEY = worlds.SECRET.key
SETTINGS = Settings(reference_accounts_min=500, alarm_level=0.01, neighbours=(10, 20))


def assert_nothing_known(found: Evidence, today: Population) -> None:
    assert np.all(np.isnan(found.probability))
    assert len(found.probability) == len(today)
    assert len(found.call_probability) == len(today.sample_owner)
    assert np.all(np.isnan(found.call_probability))
    assert found.parts == {}
    assert found.shares == {}
    assert found.reference_accounts == 0
    assert math.isnan(found.reference_rate)


def test_without_a_reference_it_says_so() -> None:
    today = worlds.population(1, 20, 6)
    found = gather(today, None, KEY, SETTINGS, 1)
    assert_nothing_known(found, today)
    assert found.missing == ["no reference of earlier days yet: content and timing evidence are not available"]


def test_a_reference_that_is_too_small_is_refused_with_the_numbers() -> None:
    """Accounts of too few calls do not count: 600 accounts, 200 of them large enough."""
    today, reference = worlds.population(2, 20, 6), worlds.population(3, 600, 6)
    reference.calls[200:] = 4
    found = gather(today, reference, KEY, SETTINGS, 1)
    assert_nothing_known(found, today)
    assert found.missing == [
        "the reference has 200 accounts of at least 5 calls; 500 are needed for an alarm level of 0.01"
    ]


def test_a_day_of_small_accounts_is_said_to_be_one() -> None:
    today = worlds.population(4, 20, 4)
    found = gather(today, worlds.population(5, 500, 5), KEY, SETTINGS, 1)
    assert_nothing_known(found, today)
    assert found.missing == ["no account has at least 5 calls"]


def test_no_evidence_carries_its_reason() -> None:
    today = worlds.population(6, 3, 2)
    found = no_evidence(today, "because")
    assert_nothing_known(found, today)
    assert found.missing == ["because"]


@pytest.fixture(scope="module")
def reference() -> Population:
    return worlds.population(21, 1_000, 10)


@pytest.fixture(scope="module")
def null(reference: Population) -> Evidence:
    return gather(worlds.population(22, 800, 10), reference, KEY, SETTINGS, 1)


def test_honest_days_raise_alarms_at_the_nominal_rate(null: Evidence) -> None:
    hits = int(np.sum(null.probability < 0.01))
    # The alarm is at the tenth of a thousand reference accounts: its true level is Beta(10, 991).
    worst_level = 0.01 + 4 * math.sqrt(0.01 * 0.99 / 1_000)
    assert binom.sf(hits - 1, len(null.probability), worst_level) > 1e-3
    assert np.mean(null.probability < 0.5) == pytest.approx(0.5, abs=0.1)


def test_the_measured_rate_of_the_reference_is_close_to_the_alarm_level(null: Evidence) -> None:
    assert null.reference_accounts == 1_000
    assert null.reference_rate == pytest.approx(SETTINGS.alarm_level, abs=0.002)


def test_every_part_is_a_probability(null: Evidence) -> None:
    names = {"neighbours_10", "neighbours_20", "sifted", "self_trained", "conformity", "content"}
    assert set(null.parts) == names
    for values in [null.probability, *null.parts.values(), null.call_probability]:
        known = values[~np.isnan(values)]
        assert len(known) >= 0.5 * len(values)
        assert np.all((known > 0) & (known <= 1))
    for share in null.shares.values():
        assert np.all((share >= 0) & (share <= 1))
    assert set(null.shares) == {"today_share_10", "today_share_20"}


@pytest.fixture(scope="module")
def today() -> Population:
    """Sixty accounts of a campaign (half of their calls), sixty of another, and honest ones."""
    return worlds.population(23, 600, 10, planted=[(60, 5), (60, 5)])


@pytest.fixture(scope="module")
def found(today: Population, reference: Population) -> Evidence:
    return gather(today, reference, KEY, SETTINGS, 1)


def test_planted_campaigns_are_found(found: Evidence) -> None:
    assert np.mean(found.probability[:120] < SETTINGS.alarm_level) >= 0.95
    assert np.mean(found.probability[120:] < SETTINGS.alarm_level) <= 0.04


def test_the_oddest_calls_are_the_campaigns(found: Evidence, today: Population) -> None:
    place = np.arange(len(today.sample_owner)) % 10
    campaign = today.sample_owner < 120
    odd = found.call_probability[campaign & (place < 5)]
    usual = found.call_probability[campaign & (place >= 5)]
    assert np.median(odd) < 0.1 < np.median(usual)


def test_shared_habits_add_evidence(reference: Population) -> None:
    """The same faint campaign, once with habits of its own in timing: conformity tells."""
    faint = worlds.population(24, 400, 10, planted=[(60, 3)], habits=60)
    found = gather(faint, reference, KEY, SETTINGS, 1)
    assert np.nanmedian(found.parts["conformity"][:60]) < 0.01
    assert np.nanmedian(found.parts["conformity"][60:]) > 0.2


def test_the_final_probability_ranks_content_and_habits_together(found: Evidence) -> None:
    together = combine(found.parts["content"], found.parts["conformity"])
    order = np.argsort(together, kind="stable")
    assert np.all(np.diff(found.probability[order]) >= 0)


def test_small_accounts_have_no_evidence_and_the_others_keep_their_places(
    today: Population, found: Evidence, reference: Population
) -> None:
    """Put in accounts of too few calls: the others' results must be the same, in their new places."""
    small = np.zeros(700, bool)
    small[::7] = True
    place = np.cumsum(~small) - 1
    extra = worlds.population(25, 700, 10)
    own = np.flatnonzero(~small)
    features = extra.sample_features.reshape(700, 10, -1).copy()
    identity = extra.sample_identity.reshape(700, 10).copy()
    features[own] = today.sample_features.reshape(600, 10, -1)[place[own]]
    identity[own] = today.sample_identity.reshape(600, 10)[place[own]]
    mixed = replace(
        extra,
        account_ids=[f"small-{row}" if small[row] else today.account_ids[place[row]] for row in range(700)],
        calls=np.where(small, 4, 10),
        sums=features.sum(axis=1, dtype=np.int32),
        statistics={name: np.where(small, np.nan, values[place]) for name, values in today.statistics.items()},
        sample_features=features.reshape(7_000, -1),
        sample_identity=identity.ravel(),
    )
    again = gather(mixed, reference, KEY, SETTINGS, 1)
    assert again.missing == ["100 accounts have fewer than 5 calls: no content evidence on them"]
    assert np.all(np.isnan(again.probability[small]))
    assert not np.any(again.vectors[small])
    assert np.array_equal(again.probability[~small], found.probability)
    calls_of_small = np.repeat(small, 10)
    assert np.all(np.isnan(again.call_probability[calls_of_small]))
    assert np.array_equal(again.call_probability[~calls_of_small], found.call_probability)
    assert np.array_equal(again.vectors[~small], found.vectors)
