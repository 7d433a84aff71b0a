"""Relay pools among planted accounts: people with topics of their own, crowds dealt out in turn, one app's keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from gauger.engine.findings.relays import CALLS_MIN, DEALT_IN_TURN, relay_pools
from gauger.kernels.text.features import FEATURES

TOPICS = 40


@dataclass
class Named:
    """Accounts with statistics, as ``People.accounts`` has them."""

    statistics: dict[str, np.ndarray]


@dataclass
class Sampled:
    """Ten sampled calls of each account, and how many accounts sent the text of each."""

    sample_owner: np.ndarray
    sample_senders: np.ndarray | None


class Dealt:
    """People whose calls are given; int64[calls, FEATURES] an account."""

    def __init__(self, said: list[np.ndarray], shared: Sequence[int] | None = ()) -> None:
        """shared : accounts of whose ten calls three carry a text of three accounts; None = not known"""
        self._shared = shared
        self._sums = np.stack([own.sum(axis=0) for own in said]).astype(np.int32)
        self.calls = np.array([len(own) for own in said])
        whole, squares = (self._sums.astype(float) ** 2).sum(axis=1), np.array([(own**2).sum() for own in said])
        self.accounts = Named({"within_similarity": (whole - squares) / (self.calls - 1) / squares})

    def sums(self, rows: np.ndarray) -> np.ndarray:
        return self._sums[rows]

    def gather(self, rows: np.ndarray) -> Sampled:
        owner = np.repeat(np.arange(len(rows)), 10)
        if self._shared is None:
            return Sampled(owner, None)
        is_shared = np.isin(rows[owner], self._shared) & (np.arange(len(owner)) % 10 < 3)
        return Sampled(owner, np.where(is_shared, -3, 2).astype(np.int32))


class Crowd:
    """Draws calls: a topic's direction, and what is the call's own."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.topics = self.random.normal(0, 4, (TOPICS, FEATURES))
        self.common = self.random.normal(0, 4, FEATURES)

    def calls(self, topics: np.ndarray) -> np.ndarray:
        noise = self.random.normal(0, 8, (len(topics), FEATURES))
        return np.rint(self.common + self.topics[topics] + noise).astype(np.int64)

    def person(self, calls: int) -> np.ndarray:
        return self.calls(self.random.choice(self.random.choice(TOPICS, 3, replace=False), calls))

    def people(self, count: int, calls: int = 40) -> list[np.ndarray]:
        return [self.person(calls) for _ in range(count)]

    def pool(self, accounts: int, hands: int, calls: int = 40) -> list[np.ndarray]:
        """So many people's calls, mixed in time, dealt to the accounts in turn."""
        every = self.random.permutation(np.concatenate(self.people(hands, calls)))
        return [every[number::accounts] for number in range(accounts)]


def members(people: Dealt) -> list[list[int]]:
    return [pool.members.tolist() for pool in relay_pools(people)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_pool_is_found_among_heavy_people(seed: int) -> None:
    crowd = Crowd(seed)
    people = Dealt([*crowd.people(60), *crowd.pool(6, 100), *crowd.people(12, 500)])
    assert members(people) == [list(range(60, 66))]
    assert members(Dealt([*crowd.people(60), *crowd.people(12, 500)])) == []


def test_two_pools_are_two_and_the_larger_comes_first() -> None:
    crowd, other = Crowd(4), Crowd(4)
    other.topics = other.topics[::-1][:20].repeat(2, axis=0)
    people = Dealt([*crowd.people(60), *other.pool(3, 60), *crowd.pool(4, 120)])
    assert members(people) == [list(range(63, 67)), list(range(60, 63))]


def test_the_keys_of_one_app_and_of_one_person_are_none() -> None:
    """They are as exchangeable, and say what one hand says."""
    crowd = Crowd(5)
    app = crowd.calls(np.zeros(2_000, np.int64))
    person = crowd.person(2_000)
    assert members(Dealt([*crowd.people(60), *np.split(app, 5), *np.split(person, 5)])) == []


def test_those_who_draw_on_one_stock_of_texts_are_none() -> None:
    crowd = Crowd(9)
    said = [*crowd.people(60), *crowd.pool(6, 100)]
    assert members(Dealt(said, range(60, 64))) == []
    assert members(Dealt(said, range(60, 63))) == [[63, 64, 65]]
    assert members(Dealt(said, None)) == [list(range(60, 66))]


@pytest.mark.parametrize(("calls", "accounts"), [(CALLS_MIN - 1, 6), (500, 2)])
def test_too_few_calls_or_accounts_are_none(calls: int, accounts: int) -> None:
    crowd = Crowd(6)
    people = Dealt([*crowd.people(60), *(own[:calls] for own in crowd.pool(accounts, 100))])
    assert members(people) == []


def test_nothing_is_said_of_a_small_day_or_without_text() -> None:
    crowd = Crowd(7)
    people = Dealt(crowd.pool(6, 100))
    assert members(people) == []
    people.accounts.statistics.clear()
    assert members(people) == []


def test_the_sign_says_what_joined_them() -> None:
    crowd = Crowd(8)
    people = Dealt([*crowd.people(60), *crowd.pool(6, 100)])
    (pool,) = relay_pools(people)
    sign = pool.sign(people.calls)
    assert sign.statistic == DEALT_IN_TURN
    assert sign.present
    assert sign.sentence.startswith("6 accounts of 667 calls each")
    assert 0 < sign.value <= 0.05
