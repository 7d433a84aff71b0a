"""What calls are told by their prompts' hashes, unit by unit, against loops over all calls."""

from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common import shards, threads
from gauger.engine.families.families import EXACT, NEAR_DUPLICATE, TEMPLATE, Families, Groups
from gauger.engine.families.frames import NO_FRAMES, Matcher
from gauger.engine.plan.day import StateDay
from gauger.engine.plan.owners import Owners
from gauger.engine.plan.spread import Spread, Wanted
from gauger.engine.statistics.relational import family_entropy
from tests.engine import calls, worlds

CALLS = calls.some_calls(400, accounts=30, seed=33)
GROUP_OF_ROW = np.asarray([2, 0, 1, 3])  # of the families table, row of each group: ids are given later


@pytest.fixture(scope="module", params=[1_000, 100, 1])
def spread(request: pytest.FixtureRequest) -> Spread:
    """Prompts in four groups or none, their calls in one unit, in four, in many; files and rows in disorder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_UNIT_CALLS", request.param)
        state = calls.new_state()
        for file in (2, 0, 1):
            own = CALLS[file::3]
            calls.take_in(state, own, file=file, rows=np.random.default_rng(file).permutation(len(own)))
        day = StateDay(state)
        assert day.people.units == shards.units_of(len(CALLS))
        return _spread(day)


def _spread(day: StateDay) -> Spread:
    """Its prompts in groups by their hashes: the same in whatever order they came."""
    hashes = day.prompts.hashes
    groups = Groups(
        of_prompt=(hashes[:, 0] % np.uint64(5)).astype(np.int64) - 1,
        kinds=np.zeros(4, np.uint8),
        signatures=np.zeros((4, 1), np.uint8),
        calls=np.zeros(4, np.int64),
        matcher=Matcher(NO_FRAMES),
        of_frame=np.zeros(0, np.int64),
        slots=worlds.families([0]).slots,
        similarity=0.8,
    )
    with threads.use(2):
        return Spread.over(day, groups)


@pytest.fixture(scope="module")
def families() -> Families:
    made = worlds.families([TEMPLATE, NEAR_DUPLICATE, EXACT, EXACT])
    return replace(made, of_group=np.append(GROUP_OF_ROW, -1))


Told = list[tuple[int, int, int, int, int, int]]  # account, time, family, repeats, file, row


@pytest.fixture(scope="module")
def told(spread: Spread) -> Told:
    """Every call, by a dictionary of prompts and a loop."""
    day = spread.day
    table = day.prompts
    hashes = table.hashes.tolist()
    known = {tuple(one): (one[0] % 5 - 1, count) for one, count in zip(hashes, table.calls.tolist(), strict=True)}
    found = []
    for unit in range(day.people.units):
        own, rows = day.calls(unit), day.people.rows(unit)
        for place, prompt in enumerate(map(tuple, own.prompt.tolist())):
            group, repeats = known[prompt]
            family = -1 if group < 0 else int(GROUP_OF_ROW[group])
            at = (int(own.file[place]), int(own.row[place]))
            found.append((int(rows[own.owner[place]]), int(own.time[place]), family, repeats, *at))
    assert len(found) == len(CALLS)
    return found


def test_members_are_the_calls_in_groups(spread: Spread, told: Told) -> None:
    members = spread.members
    found = zip(members.account.tolist(), members.time.tolist(), GROUP_OF_ROW[members.group].tolist(), strict=True)
    assert sorted(found) == sorted((account, time, family) for account, time, family, *_ in told if family >= 0)


@pytest.mark.parametrize("accounts", [[0], [3, 4, 11], list(range(28))])
def test_calls_of_some_accounts_are_all_of_theirs(
    accounts: list[int], spread: Spread, families: Families, told: Told
) -> None:
    found = spread.wanted(families).of(np.asarray(accounts))
    columns = (found.account, found.time, found.family, found.repeats)
    assert sorted(zip(*(column.tolist() for column in columns), strict=True)) == sorted(
        one[:4] for one in told if one[0] in accounts
    )


def test_users_are_the_accounts_of_a_family(spread: Spread, families: Families, told: Told) -> None:
    for asked in ([0, 1, 2, 3], [1, 3], []):
        found = spread.wanted(families).users(np.asarray(asked, np.int64))
        expected = [sorted({account for account, _, family, *_ in told if family == one}) for one in asked]
        assert [users.tolist() for users in found] == expected


@pytest.mark.parametrize("most", [1, 4, 1_000])
@pytest.mark.parametrize("asked", [[0, 1, 2, 3], [2]])
def test_examples_are_calls_of_the_family_of_accounts_that_share_no_owner(
    most: int, asked: list[int], spread: Spread, families: Families, told: Told
) -> None:
    found = spread.wanted(families).examples(np.asarray(asked), most)
    assert list(found) == asked
    owners = Owners(spread.day.people.accounts)
    for family in asked:
        callers = {one[4:]: one[0] for one in told if one[2] == family}
        chosen = [callers[place] for place in zip(*(part.tolist() for part in found[family]), strict=True)]
        assert 1 <= len(chosen) == len(set(chosen)) <= most
        assert len(owners.apart(np.asarray(chosen), most)) == len(chosen)
        if most == 1_000:  # everybody else may be one of them
            for one in set(callers.values()) - set(chosen):
                assert len(owners.apart(np.asarray([*chosen, one]), most)) == len(chosen)
    assert isinstance(spread.wanted(families), Wanted)


def test_where_calls_lie_does_not_choose_examples(families: Families) -> None:
    """The same calls in other files and rows: the same accounts and prompts, in the same order."""
    chosen = []
    for shuffle in (1, 2):
        state = calls.new_state()
        places = np.random.default_rng(shuffle).permutation(len(CALLS))
        calls.take_in(state, [CALLS[place] for place in places], file=shuffle, rows=np.arange(len(CALLS)))
        found = _spread(StateDay(state)).wanted(families).examples(np.arange(4), 5)
        sent = [[CALLS[places[row]] for row in rows.tolist()] for _, rows in found.values()]
        chosen.append([[(call["account_id"], call["prompt_text"]) for call in own] for own in sent])
    assert chosen[0] == chosen[1]


def test_entropy_is_that_of_all_calls_at_once(spread: Spread, families: Families, told: Told) -> None:
    account, family = (np.asarray([one[place] for one in told]) for place in (0, 2))
    expected = family_entropy(account, family, len(spread.day.people.calls))
    assert spread.entropy(families) == pytest.approx(expected, nan_ok=True)
