"""Evidence: what is said when there is none, a calm null, a planted campaign, and accounts kept in their places."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import combine
from gauger.engine.evidence.conformity import GROUPS
from gauger.engine.evidence.evidence import Evidence, gather, no_evidence
from gauger.engine.evidence.parts import CONFORMITY, CONTENT, parts_of
from gauger.engine.statistics.population import Population
from tests.engine import worlds

KEY = worlds.SECRET.key
SETTINGS = Settings(reference_accounts_min=500, alarm_level=0.01, neighbours=(10, 20))


@pytest.mark.parametrize(
    ("calls", "reference", "missing"),
    [
        (6, None, "no reference of earlier days yet: content and timing evidence are not available"),
        # Accounts of too few calls do not count: 600 accounts, 200 of them large enough.
        (6, 6, "the reference has 200 accounts of at least 5 calls; 500 are needed for an alarm level of 0.01"),
        (4, 5, "no account has at least 5 calls"),
    ],
)
def test_without_a_reference_or_large_accounts_it_says_so(calls: int, reference: int | None, missing: str) -> None:
    today = worlds.population(1, 20, calls)
    earlier = None if reference is None else worlds.population(3, 600, reference)
    if reference == 6:
        earlier.calls[200:] = 4
    for found in (gather(today, earlier, KEY, SETTINGS), no_evidence(today, missing)):
        assert np.all(np.isnan(found.probability))
        assert len(found.probability) == len(today)
        assert found.call_probability == []
        assert found.parts == found.shares == {}
        assert found.reference_accounts == 0
        assert found.missing == [missing]


@pytest.fixture(scope="module")
def reference() -> Population:
    return worlds.population(21, 1_000, 10)


@pytest.fixture(scope="module")
def null(reference: Population) -> Evidence:
    return gather(worlds.population(22, 800, 10), reference, KEY, SETTINGS)


@pytest.fixture(scope="module")
def honest_days() -> np.ndarray:
    """Probabilities of four honest days, each with a reference of the smallest size allowed; [day, account]."""
    size = Settings().reference_accounts_min
    days = [(worlds.population(400 + day, 800, 6), worlds.population(300 + day, size, 6)) for day in range(4)]
    return np.stack([gather(today, earlier, KEY, SETTINGS).probability for today, earlier in days])


@pytest.mark.parametrize("level", [0.01, 0.05])
def test_honest_days_raise_alarms_at_the_nominal_rate(honest_days: np.ndarray, level: float) -> None:
    days, accounts = honest_days.shape
    # Each day's alarm is itself a quantile of its reference, about as uncertain as the count.
    spread = math.sqrt(level * (1 - level) * (1 / accounts + 1 / Settings().reference_accounts_min) / days)
    assert abs(np.mean(honest_days < level) - level) < 3 * spread


def test_honest_accounts_spread_over_the_whole_range(honest_days: np.ndarray) -> None:
    tenths = np.histogram(honest_days, bins=10, range=(0, 1))[0] / honest_days.size
    assert np.all(np.abs(tenths - 0.1) < 0.03)


def test_the_accounts_behind_the_rates_are_counted(null: Evidence) -> None:
    assert null.reference_accounts == 1_000


def test_every_part_is_a_probability(null: Evidence) -> None:
    names = {*(part.name for part in parts_of(SETTINGS)), CONTENT, CONFORMITY}
    assert set(null.parts) == names
    absent = {"shared_addresses", "conformity_settings"}  # this world has neither addresses nor settings
    known_parts = [values for name, values in null.parts.items() if name not in absent]
    for values in [null.probability, *known_parts, *null.call_probability]:
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
    return gather(today, reference, KEY, SETTINGS)


def test_planted_campaigns_are_found(found: Evidence) -> None:
    assert np.mean(found.probability[:120] < SETTINGS.alarm_level) >= 0.95
    assert np.mean(found.probability[120:] < SETTINGS.alarm_level) <= 0.04


def test_the_oddest_calls_are_the_campaigns(found: Evidence, today: Population) -> None:
    place = np.arange(len(today.sample_owner)) % 10
    campaign = today.sample_owner < 120
    (probability,) = found.call_probability
    odd, usual = probability[campaign & (place < 5)], probability[campaign & (place >= 5)]
    assert np.median(odd) < 0.1 < np.median(usual)


def test_a_day_much_larger_than_its_reference_is_asked_about_a_part_of_it(reference: Population) -> None:
    """Honest accounts alarm at the nominal rate and planted ones are found, whether others may have them or not."""
    large = worlds.population(51, 4 * len(reference), 12, planted=[(300, 8)])
    found = gather(large, reference, KEY, SETTINGS)
    near = np.unique(found.neighbours)
    assert 0.3 * len(large) < len(near) <= 2 * len(reference) + 1  # -1 stands for the reference's
    honest, planted = found.probability[300:], found.probability[:300]
    spread = np.sqrt(0.05 * 0.95 * (1 / len(honest) + 1 / len(reference)))
    assert abs(np.mean(honest < 0.05) - 0.05) < 4 * spread
    outside = np.setdiff1d(np.arange(300), near)
    assert len(outside) > 100
    assert np.mean(planted < 0.01) > 0.9
    assert np.mean(planted[outside] < 0.01) > 0.9


def test_shared_habits_add_evidence(reference: Population) -> None:
    """The same faint campaign, once with habits of its own in timing: conformity tells."""
    faint = worlds.population(24, 400, 10, planted=[(60, 3)], habits=60)
    found = gather(faint, reference, KEY, SETTINGS)
    assert np.nanmedian(found.parts["conformity"][:60]) < 0.01
    assert np.nanmedian(found.parts["conformity"][60:]) > 0.2


@pytest.mark.parametrize("lacking", ["today", "reference"])
@pytest.mark.parametrize("large", [False, True], ids=["learnt from", "swept"])
def test_a_column_that_one_side_lacks_accuses_nobody(lacking: str, large: bool, reference: Population) -> None:
    """A gateway that stopped to log addresses: every account lacks them, or every one of the reference's."""
    sides = {"today": worlds.population(26, 4_000 if large else 800, 10), "reference": reference}
    side = sides[lacking]
    nothing = {"addresses_per_call": np.full(len(side), np.nan)}
    sides[lacking] = replace(side, statistics={**side.statistics, **nothing})
    day, earlier = sides.values()
    found = gather(day, earlier, KEY, SETTINGS)
    spread = np.sqrt(0.05 * 0.95 * (1 / len(day) + 1 / len(earlier)))
    assert abs(np.mean(found.probability < 0.05) - 0.05) < 4 * spread
    shares = {"today": "0% of today's accounts and 100%", "reference": "100% of today's accounts and 0%"}[lacking]
    assert found.missing == [f"addresses_per_call is there for {shares} of the reference's: it is not compared"]


def test_the_final_probability_ranks_content_and_habits_together(found: Evidence) -> None:
    parts = [found.parts["content"], *(found.parts[name] for name in (*GROUPS, "shared_addresses"))]
    together = combine(parts, [4.0] + [1.0] * (len(parts) - 1))
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
    again = gather(mixed, reference, KEY, SETTINGS)
    assert again.missing == ["100 accounts have fewer than 5 calls: no content evidence on them"]
    assert np.all(np.isnan(again.probability[small]))
    assert not np.any(again.vectors[small])
    assert np.array_equal(again.probability[~small], found.probability)
    calls_of_small = np.repeat(small, 10)
    (probability,) = again.call_probability
    assert np.all(np.isnan(probability[calls_of_small]))
    assert np.array_equal(probability[~calls_of_small], *found.call_probability)
    assert np.array_equal(again.vectors[~small], found.vectors)
    for name, values in found.relational.items():
        assert np.all(np.isnan(again.relational[name][small]))
        np.testing.assert_array_equal(again.relational[name][~small], values)
        np.testing.assert_array_equal(again.relational_null[name], found.relational_null[name])
    assert again.neighbours is not None
    assert found.neighbours is not None
    assert np.all(again.neighbours[small] == -1)
    np.testing.assert_array_equal(again.neighbours[~small], np.append(own, -1)[found.neighbours])


def test_neighbours_are_todays_and_never_oneself(today: Population, found: Evidence) -> None:
    assert found.neighbours is not None
    assert found.neighbours.shape == (len(today), 20)
    assert found.neighbours.max() < len(today)
    assert not np.any(found.neighbours == np.arange(len(today))[:, None])
    shares = (found.neighbours >= 0).mean(axis=1)
    np.testing.assert_allclose(shares, found.shares["today_share_20"])
