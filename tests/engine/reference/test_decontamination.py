"""Decontamination: what it counts, what it leaves alone, and a campaign that the reference no longer hides."""

from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import gather
from gauger.engine.reference.decontamination import Axes, gather_decontaminated, too_many
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population
from tests.engine import worlds

KEY = worlds.SECRET.key
SETTINGS = Settings(reference_accounts_min=500, alarm_level=0.003, neighbours=(10, 20))
# Signs of coordination: the planted send evenly, at a pace and round the clock, as nobody else does.
SIGNS = {"gap_variation": 0.01, "hour_entropy": 0.99, "account_age_days": 1.0}


def with_signs(people: Population, planted: int, *, coordinated: bool = True) -> Population:
    """The first so many accounts show signs of coordination; everybody has the statistics."""
    random = np.random.default_rng(len(people))
    for name in SIGNS:
        people.statistics[name] = random.uniform(0.2, 0.8, len(people)) * (100.0 if name == "account_age_days" else 1.0)
        if coordinated:
            people.statistics[name][:planted] = SIGNS[name]
    return people


@pytest.fixture(scope="module")
def clean() -> Population:
    return with_signs(worlds.population(21, 1_200, 10), 0)


@pytest.fixture(scope="module")
def today() -> Population:
    return with_signs(worlds.population(22, 600, 10, planted=[(120, 7)]), 120)


def poisoned(clean: Population, accounts: int) -> Population:
    """The reference with so many accounts of the same campaign, which speak of the same topic."""
    earlier = with_signs(worlds.population(23, accounts, 10, planted=[(accounts, 7)]), accounts)
    return concatenate([clean, earlier])


@pytest.mark.parametrize("accounts", [25, 40])
def test_a_campaign_is_found_although_the_reference_holds_its_like(
    clean: Population, today: Population, accounts: int
) -> None:
    reference = poisoned(clean, accounts)
    blind = gather(today, reference, KEY, SETTINGS)
    assert np.mean(blind.probability[:120] < SETTINGS.alarm_level) < 0.6
    found = gather_decontaminated(Whole(today, KEY), reference, KEY, SETTINGS)
    assert np.mean(found.evidence.probability[:120] < SETTINGS.alarm_level) > 0.95
    assert np.sum(found.evidence.probability[120:] < SETTINGS.alarm_level) <= 6
    # How many are too many is an estimate: one at the edge of the honest may stay.
    assert len(set(range(1_200, 1_200 + accounts)) - set(found.left_out.tolist())) <= 1
    assert np.sum(found.left_out < 1_200) <= 8
    rows = found.evidence.reference_rows
    assert sorted([*rows.tolist(), *found.left_out.tolist()]) == list(range(len(reference)))
    assert found.evidence.reference_accounts == len(rows) == len(found.evidence.reference_vectors)


def test_a_clean_reference_loses_nobody(clean: Population, today: Population) -> None:
    plain = gather(today, clean, KEY, SETTINGS)
    found = gather_decontaminated(Whole(today, KEY), clean, KEY, SETTINGS)
    assert len(found.left_out) == 0
    np.testing.assert_array_equal(found.evidence.probability, plain.probability)
    honest = today.select(np.arange(600) >= 120)
    assert len(gather_decontaminated(Whole(honest, KEY), clean, KEY, SETTINGS).left_out) == 0


def test_newcomers_who_do_not_act_as_one_keep_their_like_in_the_reference(clean: Population) -> None:
    """Novelty is not attack: the first users of something new are why the later ones are not flagged."""
    newcomers = with_signs(worlds.population(22, 600, 10, planted=[(120, 7)]), 120, coordinated=False)
    newcomers.calls[:] = np.random.default_rng(1).integers(5, 60, 600)
    assert len(gather_decontaminated(Whole(newcomers, KEY), poisoned(clean, 12), KEY, SETTINGS).left_out) == 0


def test_a_reference_is_never_trimmed_below_what_supports_the_alarm_level(clean: Population, today: Population) -> None:
    settings = replace(SETTINGS, reference_accounts_min=1_239)
    found = gather_decontaminated(Whole(today, KEY), poisoned(clean, 40), KEY, settings)
    assert len(found.left_out) == 0
    assert found.evidence.reference_accounts == 1_240


def test_a_reference_poisoned_as_much_as_today_is_not_seen(clean: Population, today: Population) -> None:
    """The limit: who was let in slowly, until the reference holds as many as today does, is ordinary by now."""
    found = gather_decontaminated(Whole(today, KEY), poisoned(clean, 300), KEY, SETTINGS)
    assert np.mean(found.evidence.probability[:120] < SETTINGS.alarm_level) < 0.5


def test_without_a_reference_there_is_nothing_to_trim(today: Population) -> None:
    found = gather_decontaminated(Whole(today, KEY), None, KEY, SETTINGS)
    assert len(found.left_out) == 0
    assert found.evidence.reference_accounts == 0


def test_the_direction_puts_others_at_zero_and_the_group_at_one() -> None:
    random = np.random.default_rng(3)
    others, own = random.normal(size=(2_000, 30)), random.normal(size=(400, 30))
    member = np.arange(400) < 200
    own[member, 4] += 5.0
    places, reference = Axes(others.astype(np.float32)).places(own.astype(np.float32), member)
    assert reference.mean() == pytest.approx(0.0, abs=0.02)
    assert places[member].mean() == pytest.approx(1.0, abs=0.05)
    assert places[~member].mean() == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("scale", [0.02, 0.06, 0.12])
def test_an_honest_tail_is_not_too_many(scale: float) -> None:
    random = np.random.default_rng(4)
    own = random.normal(1.0, 0.25, 400)
    found = [too_many(random.exponential(scale, 5_000), random.random(5_000) < 0.05, own) for _ in range(40)]
    assert np.mean(np.asarray(found) > 0) <= 0.05


@pytest.mark.parametrize("number", [10, 20, 60, 200])
def test_what_is_too_many_is_counted(number: int) -> None:
    random = np.random.default_rng(5)
    own = random.normal(1.0, 0.25, 400)
    found = []
    for _ in range(20):
        places = np.concatenate([random.exponential(0.08, 5_000), random.normal(1.0, 0.25, number)])
        alike = np.append(random.random(5_000) < 0.05, np.ones(number, bool))
        found.append(too_many(places, alike, own))
    assert np.mean(found) == pytest.approx(number, rel=0.15, abs=3)


def test_a_group_nearly_as_common_in_the_reference_as_today_stays(clean: Population) -> None:
    """The evaluation runs of every day look like a campaign in everything but in being there every day."""
    people = with_signs(worlds.population(31, 1_200, 10, planted=[(60, 7)]), 60)
    assert len(gather_decontaminated(Whole(people, KEY), poisoned(clean, 30), KEY, SETTINGS).left_out) == 0


def test_a_group_that_moves_like_many_leaves_the_reference_alone(today: Population, clean: Population) -> None:
    """An eighth of the reference moves as it does: by content its honest look-alikes would be left out as well."""
    statistics = {name: values.copy() for name, values in clean.statistics.items()}
    for name, value in SIGNS.items():
        statistics[name][::8] = value
    usual = replace(clean, statistics=statistics)
    assert len(gather_decontaminated(Whole(today, KEY), poisoned(usual, 25), KEY, SETTINGS).left_out) == 0
