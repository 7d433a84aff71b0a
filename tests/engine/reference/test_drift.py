"""Drift: the index and the distance against their definitions, a calm day, and days that are unlike the reference."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import gather, no_evidence
from gauger.engine.reference.directory import Reference
from gauger.engine.reference.drift import Drift, mean_distance, measure_drift, stability_index
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from tests.engine import worlds

TODAY = date(2026, 11, 20)
SETTINGS = Settings(reference_accounts_min=500, alarm_level=0.01, neighbours=(10, 20))


@pytest.fixture(scope="module")
def reference() -> Reference:
    parts = [worlds.population(seed, 400, 8) for seed in (1, 2)]
    return Reference(["2026-11-12", "2026-11-13"], concatenate(parts))


def drift_of(today: Population, reference: Reference, day: date = TODAY) -> Drift:
    evidence = gather(today, reference.population, worlds.SECRET.key, SETTINGS)
    return measure_drift(day, today, reference, evidence, SETTINGS)


def test_the_index_is_its_formula() -> None:
    null, values = np.arange(100.0), np.repeat([5.0, 95.0], 30)
    p = np.full(11, 0.5)
    p[[0, 9]] += 30
    q = np.append(np.full(10, 10.5), 0.5)
    p, q = p / p.sum(), q / q.sum()
    expected = math.fsum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True)) - 9 * (1 / 60 + 1 / 100)
    assert stability_index(values, null) == pytest.approx(expected)


def test_the_index_is_near_zero_for_one_law_and_large_for_another() -> None:
    random = np.random.default_rng(1)
    same = [stability_index(random.normal(size=500), random.normal(size=800)) for _ in range(50)]
    assert abs(np.mean(same)) < 0.01
    assert stability_index(random.normal(1.0, size=500), random.normal(size=800)) > 0.5
    assert stability_index(np.full(500, np.nan), random.normal(size=800)) > 0.5
    assert math.isnan(stability_index(random.normal(size=9), np.full(9, np.nan)))
    assert stability_index(np.zeros(50), np.zeros(80)) == pytest.approx(0.0, abs=0.05)


def test_the_distance_of_means_is_unbiased() -> None:
    random = np.random.default_rng(2)
    same = [mean_distance(random.normal(size=(20, 8)), random.normal(size=(30, 8))) for _ in range(300)]
    assert abs(np.mean(same)) < 0.1
    away = [mean_distance(random.normal(size=(20, 8)) + 0.5, random.normal(size=(30, 8))) for _ in range(300)]
    assert np.mean(away) == pytest.approx(8 * 0.25, abs=0.15)
    assert math.isnan(mean_distance(np.zeros((1, 2)), np.zeros((5, 2))))


def test_without_evidence_nothing_is_said(reference: Reference) -> None:
    today = worlds.population(3, 20, 8)
    assert measure_drift(TODAY, today, reference, no_evidence(today, "none"), SETTINGS) is None


def test_a_day_like_the_others_is_said_to_be_like_them(reference: Reference) -> None:
    found = drift_of(worlds.population(4, 400, 8), reference)
    assert found.sentences == []
    assert found.new_accounts == (1.0, 1.0)
    assert abs(found.content[0]) < 0.002
    assert found.same_weekday  # both are Fridays
    assert not drift_of(worlds.population(4, 400, 8), reference, date(2026, 11, 21)).same_weekday
    record = found.record()
    assert set(record) == {"unlike", "content", "new_accounts", "same_weekday", "returning_accounts", "statistics"}
    assert record["returning_accounts"] == {"weighed": 0, "flagged": 0}
    assert set(record["statistics"]) == set(found.statistics) == set(worlds.population(4, 9, 5).statistics)


def test_today_is_held_against_the_worst_of_the_references_days() -> None:
    parts = [worlds.population(1, 400, 8), worlds.population(2, 400, 8), worlds.population(3, 400, 8, habits=200)]
    together = concatenate(parts)
    found = drift_of(
        worlds.population(4, 400, 8),
        Reference(["2026-11-11", "2026-11-12", "2026-11-13"], together),
        TODAY,
    )
    for name, (_, before) in found.statistics.items():
        values = together.statistics[name]
        days = [(values[together.day_of == day], values[together.day_of != day]) for day in range(3)]
        assert before == pytest.approx(max(stability_index(*pair) for pair in days))


def test_other_topics_other_habits_and_new_accounts_are_seen(reference: Reference) -> None:
    today = worlds.population(5, 400, 8, planted=[(160, 8)])
    calm = np.full(400, 0.5)
    evidence = replace(gather(today, reference.population, worlds.SECRET.key, SETTINGS), probability=calm)
    today.statistics["active_hours"][:] *= 3.0
    regular = replace(
        reference, population=replace(reference.population, account_ids=[str(i % 400) for i in range(800)])
    )
    found = measure_drift(TODAY, today, regular, evidence, SETTINGS)
    assert found.new_accounts == (1.0, 0.0)
    said = " | ".join(found.sentences)
    for part in ("speak unlike the reference's", "100% of today's accounts are new", "active_hours has shifted"):
        assert part in said
    assert said.count("not covered") == len(found.sentences) == 3


@pytest.mark.parametrize(("flagged", "told"), [(2, False), (4, False), (10, False), (13, True)])
def test_flagged_accounts_that_the_reference_knows_are_counted(flagged: int, told: bool, reference: Reference) -> None:
    """Of 400, 4 are to be expected at an alarm level of 0.01; accounts it does not know say nothing of that."""
    known, others = worlds.population(4, 400, 8), worlds.population(9, 100, 8)
    others = replace(others, account_ids=[f"new {place}" for place in range(100)])
    today = concatenate([known, others])
    returned = replace(reference.population, account_ids=[known.account_ids[row % 400] for row in range(800)])
    regular = replace(reference, population=returned)
    evidence = gather(today, regular.population, worlds.SECRET.key, SETTINGS)
    calm = np.full(500, 0.5)
    old = np.flatnonzero(np.isin(today.account_ids, known.account_ids))
    calm[np.setdiff1d(np.arange(500), old)] = 1e-4
    calm[old[:flagged]] = 1e-4
    calm[old[flagged : flagged + 5]] = np.nan
    found = measure_drift(TODAY, today, regular, replace(evidence, probability=calm), SETTINGS)
    assert found.returning == (395, flagged)
    assert [sentence.startswith(f"{flagged} of 395 accounts") for sentence in found.sentences[:1]] == [True] * told


def test_a_bound_below_what_its_digits_show_is_rounded_up(reference: Reference) -> None:
    """Two days alike are no distance apart, which an unbiased estimate puts below zero as often as above."""
    alike = replace(reference, population=concatenate([worlds.population(1, 400, 8)] * 2))
    today = worlds.population(5, 400, 8, planted=[(160, 8)])
    evidence = replace(gather(today, alike.population, worlds.SECRET.key, SETTINGS), probability=np.full(400, 0.5))
    found = measure_drift(TODAY, today, alike, evidence, SETTINGS)
    assert found.content[1] < 0
    assert "at most 0.0001;" in found.sentences[0]


def test_flagged_accounts_are_no_drift(reference: Reference) -> None:
    today = worlds.population(6, 440, 8, planted=[(60, 8)])
    found = drift_of(today, reference)
    assert found.sentences == []


def test_one_reference_day_has_nothing_to_be_compared_with(reference: Reference) -> None:
    one = replace(reference, days=reference.days[:1], population=replace(reference.population, day=None))
    found = drift_of(worlds.population(4, 400, 8), one)
    assert math.isnan(found.content[1])
    assert found.record()["new_accounts"] == {"today": 1.0, "reference_days": None}
