"""The measured false-positive rate: its interval, what is held out against what, and what is said without it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference import held_out as heldout
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.held_out import (
    FalsePositives,
    binomial_interval,
    false_positives,
    level_that_holds,
    measure_ahead,
)
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES
from tests.engine import worlds

TODAY = date(2026, 11, 20)
SETTINGS = Settings(reference_accounts_min=200, alarm_level=0.02, neighbours=(10, 20))


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


def keep(directory: StateDirectory, age: int, people: Population, lone: np.ndarray | None = None) -> date:
    day = TODAY - timedelta(days=age)
    kept = worlds.kept(people, SETTINGS, directory.secret, flagged=lone, lone=lone)
    with directory.writing() as writing:
        writing.save_day(day, kept, WordSketch())
    return day


def measured(directory: StateDirectory | None, settings: Settings = SETTINGS) -> FalsePositives:
    return false_positives(directory, TODAY, settings)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (0, 500), (3, 500), (499, 500), (500, 500), (7, 12)])
def test_the_interval_is_the_exact_one(successes: int, trials: int) -> None:
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, "exact")
    assert binomial_interval(successes, trials) == pytest.approx((expected.low, expected.high))
    assert binomial_interval(0, 0) == (0.0, 1.0)  # no trial says nothing


def test_what_is_missing_is_said(directory: StateDirectory) -> None:
    assert "no state directory" in str(measured(None).record()["reason"])
    assert measured(directory).reason == "no reference day yet"
    keep(directory, 7, worlds.population(1, 300, 6))
    record = measured(directory).record()
    assert record["measured"] is record["low"] is record["high"] is None
    assert record["expected"] == SETTINGS.alarm_level
    assert "200 accounts of other days" in str(record["reason"])
    assert directory.kept().commit.days("checks") == []


def test_the_newest_reference_day_is_weighed_once(directory: StateDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    older = keep(directory, 8, worlds.population(1, 400, 6))
    newest = keep(directory, 7, worlds.population(2, 300, 6))
    found = measured(directory)
    assert found.reason is None
    assert found.held_out == [newest.isoformat()]
    assert found.accounts == 300
    assert found.flagged <= 20  # six expected
    noted = directory.check(newest)
    assert noted["against"] == [older.isoformat()]
    monkeypatch.setattr(heldout, "gather", None)
    assert measured(directory) == found
    assert measured(StateDirectory(directory.path)) == found


def test_what_was_measured_ahead_counts_where_the_days_are_the_same(
    directory: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age in (9, 8, 7):
        keep(directory, age, worlds.population(age, 300, 6))
    ahead = measure_ahead(directory, TODAY, SETTINGS)
    assert ahead is not None
    other = replace(ahead, asked=[*reversed(ahead.asked)], found=None)
    keep(directory, 0, worlds.population(10, 300, 6))  # as a run does in between
    with monkeypatch.context() as patch:
        patch.setattr(heldout, "gather", None)
        found = false_positives(directory, TODAY, SETTINGS, ahead)
    with directory.writing() as writing:
        writing.drop(f"checks/{TODAY - timedelta(days=7)}")
    assert false_positives(directory, TODAY, SETTINGS, other) == found
    assert measure_ahead(directory, TODAY, SETTINGS) is None  # nothing is due
    assert found.accounts == 300


def test_what_other_providers_found_is_weighed_as_in_the_run_that_measures(directory: StateDirectory) -> None:
    keep(directory, 8, worlds.population(1, 400, 6))
    newest = keep(directory, 7, worlds.population(2, 300, 6))
    without = measure_ahead(directory, TODAY, SETTINGS)
    centroid = unit(np.random.default_rng(1).standard_normal((1, FEATURES)).astype(np.float32))
    directory.shared = (SharedFinding("elsewhere", centroid, np.array([12])),)
    found = false_positives(directory, TODAY, SETTINGS, without)  # what was measured ahead is of other evidence
    noted = directory.check(newest)
    assert found.accounts == 300
    assert noted["signatures"] == ["elsewhere"]
    assert without is not None
    assert without.found is not None
    assert noted["least"] != without.found["least"]
    assert found.flagged <= 20  # six expected


def test_while_somebody_else_writes_it_is_measured_and_not_noted(directory: StateDirectory) -> None:
    for age in (9, 8):
        keep(directory, age, worlds.population(age, 300, 6))
    with StateDirectory(directory.path).writing():
        assert measured(directory).held_out == [str(TODAY - timedelta(days=8))]
    assert directory.kept().commit.days("checks") == []
    assert measured(directory).held_out == [str(TODAY - timedelta(days=8))]
    assert directory.kept().commit.days("checks") == [TODAY - timedelta(days=8)]


@pytest.mark.parametrize(("age", "due"), [(5, False), (6, True)])
def test_a_check_is_due_when_the_last_is_six_days_old(directory: StateDirectory, age: int, due: bool) -> None:
    older = keep(directory, 7 + age, worlds.population(1, 400, 6))
    newest = keep(directory, 7, worlds.population(2, 300, 6))
    with directory.writing() as writing:
        writing.save_check(older, {"accounts": 10, "flagged": 0, "alarm_level": 0.02})
    assert measured(directory).accounts == (310 if due else 10)
    assert (directory.check(newest) is not None) == due


def test_a_day_is_rather_weighed_against_days_a_week_older(directory: StateDirectory) -> None:
    lagged = keep(directory, 15, worlds.population(1, 400, 6))
    keep(directory, 8, worlds.population(2, 300, 6))
    newest = keep(directory, 7, worlds.population(3, 300, 6))
    measured(directory)
    noted = directory.check(newest)
    assert noted["against"] == [lagged.isoformat()]


def test_checks_of_several_days_add_up_and_old_or_later_ones_do_not_count(directory: StateDirectory) -> None:
    for age in (40, 20, 13, 7, 0):
        day = keep(directory, age, worlds.population(age, 3, 6))
        with directory.writing() as writing:
            writing.save_check(day, {"accounts": 1000, "flagged": age, "alarm_level": 0.02})
    found = measured(directory)
    assert (found.accounts, found.flagged) == (3000, 40)
    assert measured(directory, replace(SETTINGS, alarm_level=0.5)).accounts == 0


def note(directory: StateDirectory, age: int, flagged: int, least: list[float] | None) -> None:
    day = keep(directory, age, worlds.population(age, 3, 6))
    with directory.writing() as writing:
        found = {"accounts": 1_000, "flagged": flagged, "alarm_level": 0.02}
        writing.save_check(day, found if least is None else {**found, "least": least})


def test_a_rate_above_the_alarm_level_lowers_the_level_to_what_holds(directory: StateDirectory) -> None:
    """Of 2,000 accounts held out 40 should be flagged, and 150 were: as many lie below the new level as should."""
    note(directory, 13, 75, [number / 4_000 for number in range(1, 101)])
    note(directory, 7, 75, [number / 4_000 for number in range(1, 101)])
    held = level_that_holds(directory, TODAY, SETTINGS)
    assert held is not None
    assert held.level == pytest.approx(21 / 4_000)
    assert sum(number / 4_000 < held.level for number in range(1, 101)) * 2 == 40
    assert "7.50% of 2,000 accounts" in held.sentence
    assert "0.02" in held.sentence


@pytest.mark.parametrize(
    ("flagged", "least"),
    [(22, [0.001] * 100), (75, None), (75, [0.001] * 20)],
    ids=["chance", "an earlier version's check", "too few noted"],
)
def test_otherwise_the_level_asked_for_stays(
    directory: StateDirectory, flagged: int, least: list[float] | None
) -> None:
    note(directory, 7, flagged, least)
    assert level_that_holds(directory, TODAY, SETTINGS) is None


def test_a_level_is_never_looser_than_the_one_asked_for(directory: StateDirectory) -> None:
    """Most of the flagged are of a check of an earlier version, which noted nobody: the rest says too little."""
    note(directory, 13, 150, None)
    note(directory, 7, 20, [number / 1_000 for number in range(1, 101)])
    assert level_that_holds(directory, TODAY, SETTINGS) is None


def test_a_check_notes_its_oddest_accounts(directory: StateDirectory) -> None:
    keep(directory, 8, worlds.population(1, 400, 6))
    newest = keep(directory, 7, worlds.population(2, 300, 6))
    found = measured(directory)
    least = directory.check(newest)["least"]
    assert len(least) == 200
    assert least == sorted(least)
    assert sum(one < SETTINGS.alarm_level for one in least) == found.flagged


def test_flagged_accounts_of_no_finding_take_part(directory: StateDirectory) -> None:
    """Twelve that speak of something else were flagged on their day; to leave them out would be to measure zero."""
    keep(directory, 8, worlds.population(1, 400, 6))
    day = worlds.population(2, 300, 6, planted=[(12, 6)])
    odd = np.arange(300) < 12
    newest = keep(directory, 7, day, odd)
    found = measured(directory)
    assert found.accounts == 300
    assert found.flagged >= 12
    reference = directory.reference(TODAY, SETTINGS)
    assert not set(day.select(odd).account_ids) & set(reference.population.account_ids)
    assert directory.part(newest, "lone_") is not None


def test_both_sides_are_bounded(directory: StateDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldout, "HELD_OUT_MAX", 50)
    monkeypatch.setattr(heldout, "AGAINST_MAX", 210)
    keep(directory, 8, worlds.population(1, 400, 6))
    newest = keep(directory, 7, worlds.population(2, 300, 6))
    assert measured(directory).accounts == 50
    noted = directory.check(newest)
    assert noted["against_accounts"] == 210
