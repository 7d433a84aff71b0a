"""Decisions: nothing goes, the last that was not undone holds, and only those it was about are covered."""

import itertools
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gauger.engine.findings.decisions import (
    CAMPAIGN,
    DECISIONS,
    HONEST,
    UNDONE,
    UNSURE,
    Decisions,
    Entry,
    seeded,
    settle,
)
from gauger.engine.findings.finding import Finding

HASHES = np.arange(100, 120, dtype=np.uint64)  # of accounts 0 to 19
NOON = 1_800_014_400_000_000  # 2027-01-15 12:00 UTC


def made(*said: tuple[int, str], members: list[int] | None = None, families: tuple[int, ...] = ()) -> Decisions:
    """Decisions on findings, one after the other, each about accounts 0 to 9 unless told."""
    found = Decisions()
    for number, (campaign_id, decision) in enumerate(said, 1):
        entry = Entry(number, campaign_id, decision, "w", "a", NOON, "2027-01-14", "unclear", 0.4, 10, families)
        found = found.with_entry(entry, HASHES[list(range(10)) if members is None else members])
    return found


def finding(members: list[int], number: int = 0) -> Finding:
    return Finding(np.asarray(members), campaign_id=number, verdict="unclear", probability=0.3)


@given(some.lists(some.tuples(some.integers(1, 3), some.sampled_from([*DECISIONS, UNDONE])), max_size=12))
def test_what_holds_is_a_stack_of_each_finding(said: list[tuple[int, str]]) -> None:
    stacks: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for campaign_id, decision in said:
        if decision != UNDONE:
            stacks[campaign_id].append(decision)
        elif stacks[campaign_id]:
            stacks[campaign_id].pop()
    found = made(*said)
    assert {number: entry.decision for number, entry in found.standing().items()} == {
        number: stack[-1] for number, stack in stacks.items() if stack
    }
    assert [entry.number for entry in found.entries] == list(range(1, len(said) + 1))


def test_entries_come_back_from_plain_values() -> None:
    before = made((1, HONEST), (2, CAMPAIGN), (1, UNDONE), families=(4, 9))
    numbers = np.repeat(list(before.members), [len(own) for own in before.members.values()])
    after = Decisions.of_record(before.record(), numbers, np.concatenate(list(before.members.values())))
    assert after.entries == before.entries
    assert all(np.array_equal(after.members[number], own) for number, own in before.members.items())
    assert after.entries[0].date == date(2027, 1, 15)


def test_families_are_those_of_honest_findings_only() -> None:
    assert made((1, CAMPAIGN), families=(4,)).honest_families().tolist() == []
    assert made((1, HONEST), (2, HONEST), families=(9, 4)).honest_families().tolist() == [4, 9]
    assert made((1, HONEST), (1, UNDONE), families=(4,)).honest_families().tolist() == []


def test_confirmed_accounts_are_found_again_and_an_account_is_of_one_campaign() -> None:
    both = made((5, CAMPAIGN), (3, CAMPAIGN))
    rows = both.confirmed(HASHES[::-1].copy())
    assert list(rows) == [3]
    assert rows[3].tolist() == list(range(10, 20))
    assert made((5, HONEST)).confirmed(HASHES) == {}
    assert both.without_account(100).confirmed(HASHES)[3].tolist() == list(range(1, 10))


def test_an_honest_finding_is_not_raised_and_others_keep_what_they_are_called() -> None:
    found = settle([finding([0, 1, 2], 7), finding([0, 1, 2], 8)], made((7, HONEST)), HASHES)
    assert [one.campaign_id for one in found.honest] == [7]
    assert [(one.campaign_id, one.decision, one.verdict) for one in found.raised] == [(8, "", "unclear")]


@pytest.mark.parametrize(("strangers", "raised"), [(10, False), (11, True)])
def test_who_joins_an_honest_finding_is_not_covered(strangers: int, raised: bool) -> None:
    """Ten were decided about; with as many others it is not raised, with more it is."""
    hashes = np.arange(100, 140, dtype=np.uint64)
    found = settle([finding(list(range(10 + strangers)), 7)], made((7, HONEST)), hashes)
    assert bool(found.raised) is raised
    assert [one.decision for one in itertools.chain(found.raised, found.honest)] == [HONEST]


def test_a_confirmed_finding_is_called_a_campaign_whatever_the_data_say() -> None:
    (found,) = settle([finding([0, 1], 7)], made((7, CAMPAIGN)), HASHES).raised
    assert (found.verdict, found.decision, found.decided_on) == ("campaign", CAMPAIGN, date(2027, 1, 15))
    assert found.probability == 0.3
    (unsure,) = settle([finding([0, 1], 7)], made((7, UNSURE)), HASHES).raised
    assert (unsure.verdict, unsure.decision) == ("unclear", UNSURE)


def test_confirmed_accounts_join_the_finding_that_has_most_of_them() -> None:
    confirmed = {4: np.asarray([1, 2, 3, 9, 12])}
    first, second = seeded([finding([0, 1]), finding([2, 3, 5])], confirmed)
    assert (first.members.tolist(), first.campaign_id) == ([0, 1], 0)
    assert (second.members.tolist(), second.campaign_id) == ([2, 3, 5, 9, 12], 4)


def test_confirmed_accounts_of_no_finding_are_one() -> None:
    (alone,) = seeded([], {4: np.asarray([3, 9])})
    assert (alone.members.tolist(), alone.campaign_id) == ([3, 9], 4)
    assert [one.members.tolist() for one in seeded([finding([0, 1])], {})] == [[0, 1]]


def test_two_confirmed_campaigns_in_one_finding_are_called_by_the_first() -> None:
    (found,) = seeded([finding([0, 1, 2, 3])], {4: np.asarray([0, 1, 8]), 5: np.asarray([2, 9])})
    assert (found.members.tolist(), found.campaign_id) == ([0, 1, 2, 3, 8, 9], 4)
