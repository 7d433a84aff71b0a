"""Findings over days: what makes a finding an earlier one, numbers that are never given twice, and their history."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from gauger.engine.findings.finding import Finding
from gauger.engine.findings.known import KnownFindings
from gauger.engine.statistics.people import Whole
from tests.engine import worlds

KEY = worlds.SECRET.key
MONDAY = date(2026, 11, 16)


def finding(members: list[int], families: tuple[int, ...] = ()) -> Finding:
    return Finding(np.asarray(members), evidence=9.0, calls=10 * len(members), families=families)


def people(seed: int, planted: int = 0) -> Whole:
    """60 accounts; two campaigns of ten speak of two topics of their own, or all are honest."""
    return Whole(worlds.population(seed, 60, 12, planted=[(10, 12), (10, 12)][: 2 if planted else 0]), KEY)


def numbers(found: list[Finding]) -> list[int]:
    return [one.campaign_id for one in found]


def test_the_first_day_numbers_by_rank() -> None:
    found, known = KnownFindings().number([finding([0, 1]), finding([5, 6])], people(1), MONDAY, KEY)
    assert numbers(found) == [1, 2]
    assert known.next_id == 3
    assert found[0].history == ((MONDAY, 2, 20),)
    assert found[0].returning_accounts == 0


def test_the_same_accounts_are_the_same_campaign_in_any_rank() -> None:
    today = people(1)
    _, known = KnownFindings().number([finding([0, 1, 2, 3]), finding([5, 6, 7, 8])], today, MONDAY, KEY)
    tuesday = MONDAY + timedelta(days=1)
    found, known = known.number([finding([6, 7, 8, 9, 10]), finding([20, 21, 22])], today, tuesday, KEY)
    assert numbers(found) == [2, 3]
    assert found[0].history == ((MONDAY, 4, 40), (tuesday, 5, 50))
    assert found[0].returning_accounts == 3
    wednesday = MONDAY + timedelta(days=2)
    found, known = known.number([finding([0, 1, 2, 3]), finding([5, 8, 9])], today, wednesday, KEY)
    assert numbers(found) == [1, 2]
    assert [entry[0] for entry in found[0].history] == [MONDAY, wednesday]
    assert known.next_id == 4


def test_other_accounts_with_the_same_first_family_or_direction_are_the_same_campaign() -> None:
    """The second day's accounts are all new: seeds make other names."""
    first, second = people(1, planted=2), people(2, planted=2)
    a, b = list(range(10)), list(range(10, 20))
    _, known = KnownFindings().number([finding(a), finding(b)], first, MONDAY, KEY)
    found, _ = known.number([finding(b), finding(a)], second, MONDAY + timedelta(days=1), KEY)
    assert numbers(found) == [2, 1]
    assert found[0].returning_accounts == 0
    _, known = KnownFindings().number([finding([0, 1, 2], (7, 4))], people(1), MONDAY, KEY)
    found, _ = known.number([finding([30, 31, 32], (7,)), finding([40, 41, 42], (4,))], people(3), MONDAY, KEY)
    assert numbers(found) == [1, 2]


def test_one_number_is_not_given_to_two_findings_of_a_day() -> None:
    today = people(1)
    _, known = KnownFindings().number([finding(list(range(8)))], today, MONDAY, KEY)
    found, _ = known.number([finding([0, 1, 2, 3]), finding([4, 5, 6, 7])], today, MONDAY + timedelta(days=1), KEY)
    assert numbers(found) == [1, 2]


def test_a_run_that_is_killed_behind_its_commit_counts_as_it_did() -> None:
    today, tuesday = people(1), MONDAY + timedelta(days=1)
    _, known = KnownFindings().number([finding([0, 1, 2])], today, MONDAY, KEY)
    first, committed = known.number([finding([0, 1, 2, 3, 4])], today, tuesday, KEY)
    again, kept = committed.number([finding([0, 1, 2, 3, 4])], today, tuesday, KEY)
    assert (again[0].returning_accounts, again[0].history) == (first[0].returning_accounts, first[0].history)
    assert first[0].returning_accounts == 3
    assert kept.seen[0].members == committed.seen[0].members
    week, _ = kept.number([finding([0, 1, 2, 3, 4])], today, tuesday, KEY, since=MONDAY)
    assert week[0].returning_accounts == 5


def test_scoring_a_day_again_replaces_it_and_an_earlier_day_goes_before() -> None:
    today = people(1)
    _, known = KnownFindings().number([finding([0, 1, 2, 3])], today, MONDAY, KEY)
    found, known = known.number([finding([0, 1, 2])], today, MONDAY, KEY)
    assert (found[0].history, found[0].returning_accounts) == (((MONDAY, 3, 30),), 0)
    found, known = known.number([finding([0, 1, 2, 3, 4])], today, MONDAY - timedelta(days=1), KEY)
    assert found[0].history == ((MONDAY - timedelta(days=1), 5, 50),)
    assert [entry[1] for entry in known.seen[0].history] == [5, 3]


@pytest.mark.parametrize(("days", "number"), [(90, 1), (91, 2)])
def test_what_was_not_seen_for_long_is_forgotten_and_its_number_is_not_given_again(days: int, number: int) -> None:
    today = people(1)
    _, known = KnownFindings().number([finding([0, 1, 2, 3])], today, MONDAY, KEY)
    found, known = known.number([finding([0, 1, 2, 3])], today, MONDAY + timedelta(days=days), KEY)
    assert numbers(found) == [number]
    assert len(known.seen) == 1


def test_a_day_without_findings_changes_nothing() -> None:
    _, known = KnownFindings().number([finding([0, 1, 2])], people(1), MONDAY, KEY)
    found, again = known.number([], people(1), MONDAY + timedelta(days=1), KEY)
    assert found == []
    assert again.next_id == 2
    assert [replace(one, direction=None) for one in again.seen] == [replace(one, direction=None) for one in known.seen]


def test_a_week_has_the_numbers_of_its_days_and_of_other_weeks() -> None:
    first, second = (
        finding(list(range(10))),
        finding(list(range(10, 20))),
    )  # of one topic each, whoever the accounts are
    week = [MONDAY + timedelta(days=number) for number in range(7)]
    _, known = KnownFindings().number([second], people(1, 1), week[3], KEY)
    found, known = known.number([first, second], people(2, 1), week[6], KEY, week[0])
    assert numbers(found) == [2, 1]
    # A day of this week showed the one: its history stays the days'. The other has this week's.
    history = {one.campaign_id: one.history for one in known.seen}
    assert history[1] == ((week[3], 10, 100),)
    assert history[2] == ((week[6], 10, 100),)
    later = [day + timedelta(days=7) for day in week]
    found, known = known.number([second, first], people(3, 1), later[6], KEY, later[0])
    assert numbers(found) == [1, 2]
    history = {one.campaign_id: one.history for one in known.seen}
    assert [day for day, *_ in history[1]] == [week[3], later[6]]
    assert [day for day, *_ in history[2]] == [week[6], later[6]]
    assert known.next_id == 3
