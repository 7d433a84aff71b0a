"""Weeks: days that join as their calls would have, and a campaign that no day can show."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError, StateLockedError
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import gather
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_findings import load_findings
from gauger.engine.reference.weeks import join_days, weigh_week
from gauger.engine.state.links import ORGANISATION
from gauger.engine.statistics.population import Population
from tests.engine import worlds

SETTINGS = Settings(reference_accounts_min=500, alarm_level=0.005, neighbours=(10, 20))
LAST = date(2026, 11, 22)
PEOPLE, PLANTED, DAILY = 300, 60, 3


def day(number: int, *, planted: bool) -> Population:
    """The same accounts every day, three calls each; the first sixty speak of nothing else but their own topic."""
    people = worlds.population(100 + number, PEOPLE, DAILY, planted=[(PLANTED, DAILY)] if planted else [])
    return replace(people, account_ids=[f"account-{row:03d}" for row in range(PEOPLE)])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> StateDirectory:
    found = StateDirectory(tmp_path_factory.mktemp("weeks") / "state")
    for age in range(21):
        people = day(age, planted=age < 7)
        with found.writing() as writing:
            writing.save_day(LAST - timedelta(days=age), worlds.kept(people, SETTINGS, found.secret), WordSketch())
    return found


def test_days_join_as_sums_and_sets() -> None:
    parts = [day(number, planted=False) for number in range(3)]
    parts[1] = parts[1].select(np.arange(PEOPLE) >= 5)
    joined = join_days(parts, SETTINGS)
    assert joined.account_ids == parts[0].account_ids
    assert joined.calls.tolist() == [6] * 5 + [9] * (PEOPLE - 5)
    np.testing.assert_array_equal(joined.sums[5:], parts[0].sums[5:] + parts[1].sums + parts[2].sums[5:])
    assert np.all(np.diff(joined.sample_owner) >= 0)
    own = joined.sample_identity[joined.sample_owner == 7]
    given = [part.sample_identity[part.sample_owner == row] for part, row in zip(parts, (7, 2, 7), strict=True)]
    assert own.tolist() == sorted(np.concatenate(given).tolist())
    features = joined.sample_features[joined.sample_row]
    sums = np.zeros_like(joined.sums)
    np.add.at(sums, joined.sample_owner, features.astype(np.int32))
    np.testing.assert_array_equal(sums, joined.sums)
    assert joined.statistics["calls_log2"][7] == pytest.approx(np.log2(9))
    hours = [part.statistics["active_hours"][row] for part, row in zip(parts, (7, 2, 7), strict=True)]
    assert joined.statistics["active_hours"][7] == pytest.approx(np.mean(hours))


def test_the_order_of_days_changes_nothing_and_samples_stay_bounded() -> None:
    parts = [day(number, planted=False) for number in range(4)]
    bounded = replace(SETTINGS, sample_calls=5)
    one, other = join_days(parts, bounded), join_days(parts[::-1], bounded)
    assert one.account_ids == other.account_ids
    for name in ("calls", "sums", "sample_owner", "sample_identity", "link_value"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert np.bincount(one.sample_owner).max() == 5


def test_links_are_a_set() -> None:
    days = [worlds.bare_population([3, 3], {}, [(0, 0, 7), (0, 0, 9), (1, 2, 7)]) for _ in range(2)]
    joined = join_days(days, SETTINGS)
    links = zip(joined.link_owner.tolist(), joined.link_channel.tolist(), joined.link_value.tolist(), strict=True)
    assert list(links) == [(0, 0, 7), (0, 0, 9), (1, 2, 7)]


def test_a_campaign_that_no_day_shows_is_found_by_its_week(directory: StateDirectory) -> None:
    alone = gather(day(0, planted=True), day(8, planted=False), directory.secret.key, SETTINGS)
    assert np.all(np.isnan(alone.probability))  # three calls are too few
    found = weigh_week(directory, LAST, SETTINGS)
    assert len(found.days) == 7
    assert len(found.reference_days) == 14
    flagged = found.evidence.probability < SETTINGS.alarm_level
    assert flagged[:PLANTED].mean() > 0.9
    assert flagged[PLANTED:].sum() <= 5
    assert len(found.findings[0].members) > 0.9 * PLANTED
    assert found.findings[0].verdict in ("campaign", "new population")


def test_a_damaged_day_is_left_out_of_its_week_and_named(directory: StateDirectory, tmp_path: Path) -> None:
    directory = StateDirectory(Path(shutil.copytree(directory.path, tmp_path / "copy")))
    damaged = [LAST - timedelta(days=age) for age in (1, 9)]
    for one in damaged:
        (directory.path / directory.kept().commit.parts[f"days/{one}"].folder / "accounts.arrow").unlink()
    found = weigh_week(directory, LAST, SETTINGS)
    assert (len(found.days), len(found.reference_days)) == (6, 13)
    for one in damaged:
        assert sum(f"days/{one} is damaged" in sentence for sentence in found.evidence.missing) == 1


def test_a_week_knows_the_organisation_that_days_keep(tmp_path: Path) -> None:
    """The same cluster, once with one organisation behind it: a day would call it a shared tool, and so does a week."""
    found = {}
    for signed in (False, True):
        directory = StateDirectory(tmp_path / str(signed))
        for age in range(14):
            people = day(age, planted=age < 7)
            if signed and age < 7:
                owner = np.arange(PLANTED)
                channel, value = np.full(PLANTED, ORGANISATION, np.uint8), np.full(PLANTED, 9, np.uint64)
                people = replace(people, link_owner=owner, link_channel=channel, link_value=value)
            kept = worlds.kept(people, SETTINGS, directory.secret)
            with directory.writing() as writing:
                writing.save_day(LAST - timedelta(days=age), kept, WordSketch())
        settings = replace(SETTINGS, reference_accounts_min=200)
        (found[signed], *_) = weigh_week(directory, LAST, settings).findings
    assert found[True].verdict == "shared tool"
    assert found[False].verdict != "shared tool"
    assert "one organisation" in found[True].signs[-1].sentence


def test_a_weeks_finding_keeps_its_number_when_it_is_weighed_again(directory: StateDirectory) -> None:
    first, again = (weigh_week(directory, LAST, SETTINGS).findings for _ in range(2))
    assert [one.campaign_id for one in again] == [one.campaign_id for one in first]
    known = {one.campaign_id: one for one in load_findings(directory).seen}
    assert known.keys() == {one.campaign_id for one in first}
    accounts = len(first[0].members)
    calls = int(weigh_week(directory, LAST, SETTINGS).population.calls[first[0].members].sum())
    assert known[first[0].campaign_id].history == ((LAST, accounts, calls),)


def test_a_week_gives_numbers_so_it_waits_for_nobody_who_writes(directory: StateDirectory) -> None:
    with StateDirectory(directory.path).writing(), pytest.raises(StateLockedError, match="is writing to this state"):
        weigh_week(directory, LAST, SETTINGS)


def test_an_honest_week_is_calm(directory: StateDirectory) -> None:
    found = weigh_week(directory, LAST - timedelta(days=7), replace(SETTINGS, reference_accounts_min=200))
    assert len(found.reference_days) == 7
    assert np.sum(found.evidence.probability < SETTINGS.alarm_level) <= 6
    assert found.findings == []


def test_a_week_without_reference_or_days_says_so(directory: StateDirectory) -> None:
    found = weigh_week(directory, LAST - timedelta(days=14), SETTINGS)
    assert found.findings == []
    assert "no reference" in found.evidence.missing[0]
    with pytest.raises(StateError, match="no day of the week up to 2026-01-01 is kept"):
        weigh_week(directory, date(2026, 1, 1), SETTINGS)
