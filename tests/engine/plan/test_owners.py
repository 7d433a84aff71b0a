"""Owners: accounts of one organisation, one payment or the same networks count as one."""

import numpy as np
import pytest

from gauger.engine.plan.owners import Owners
from gauger.engine.state.links import ADDRESS, CLIENT, NETWORK, ORGANISATION, PAYMENT
from tests.engine import worlds

Links = list[tuple[int, int, int]]  # account, channel, value


def apart(accounts: int, links: Links, most: int = 1_000) -> list[int]:
    people = worlds.bare_population([1] * accounts, {}, sorted(links))
    return Owners(people).apart(np.arange(accounts), most).tolist()


def may_be_one(one: set[tuple[int, int]], other: set[tuple[int, int]]) -> bool:
    """By the definition."""
    if any(channel != NETWORK for channel, _ in one & other):
        return True
    networks = [{value for channel, value in own if channel == NETWORK} for own in (one, other)]
    return bool(networks[0] & networks[1]) and 2 * len(networks[0] & networks[1]) >= min(map(len, networks))


@pytest.mark.parametrize("channel", [ORGANISATION, PAYMENT, NETWORK])
def test_those_who_share_something_of_an_owner_are_one(channel: int) -> None:
    assert apart(30, [(account, channel, 7) for account in range(25)]) == [0, *range(25, 30)]


@pytest.mark.parametrize("channel", [ADDRESS, CLIENT])
def test_what_is_no_sign_of_an_owner_joins_nobody(channel: int) -> None:
    assert apart(4, [(account, channel, 7) for account in range(4)]) == [0, 1, 2, 3]


def test_accounts_of_which_nothing_is_known_are_owners_each() -> None:
    assert apart(3, []) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_no_two_that_are_chosen_may_be_one_owners_and_nobody_is_left_out_without_reason(seed: int) -> None:
    random = np.random.default_rng(seed)
    links = {
        (account, int(random.choice([ORGANISATION, PAYMENT, NETWORK, NETWORK, NETWORK])), int(random.integers(0, 60)))
        for account in np.repeat(np.arange(60), random.integers(0, 7, 60)).tolist()
    }
    chosen = apart(60, list(links))
    own = {account: {one[1:] for one in links if one[0] == account} for account in range(60)}
    assert not any(may_be_one(own[one], own[other]) for one in chosen for other in chosen if one < other)
    rest = set(range(60)) - set(chosen)
    assert rest
    assert all(any(may_be_one(own[one], own[other]) for other in chosen) for one in rest)


def test_one_network_among_many_joins_nobody() -> None:
    """All accounts of a campaign, or of a town, pass through a carrier's network now and then."""
    links = [(account, NETWORK, 10 * account + one) for account in range(20) for one in range(5)]
    assert apart(20, [*links, *((account, NETWORK, 999) for account in range(20))]) == list(range(20))


def test_who_is_on_another_ones_networks_alone_may_be_the_same() -> None:
    assert apart(2, [(0, NETWORK, one) for one in range(9)] + [(1, NETWORK, 3)]) == [0]


def test_the_same_hash_in_two_columns_is_no_owner() -> None:
    assert apart(3, [(0, ORGANISATION, 5), (1, NETWORK, 5), (2, PAYMENT, 5)]) == [0, 1, 2]


def test_the_order_given_decides_and_no_more_than_asked_for_are_chosen() -> None:
    people = worlds.bare_population([1] * 4, {}, [(0, PAYMENT, 1), (3, PAYMENT, 1)])
    assert Owners(people).apart(np.asarray([3, 0, 2, 1]), 2).tolist() == [0, 2]
