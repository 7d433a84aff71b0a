"""Shared text: of one text's calls one counts, none of what everybody sends, whoever is asked in whatever parts."""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.statistics.background import background_of, folds_of
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import (
    NO_COPIES,
    PUBLIC_ACCOUNTS,
    SHARED_ACCOUNTS_MIN,
    SHARED_TEXT,
    Copies,
    Senders,
    copies_of,
    is_shared,
    own_background,
    own_text,
    senders_of,
    sent_texts,
    shared_parts,
    with_senders,
)
from tests.engine import calls, worlds

KEY = worlds.SECRET.key
Calls = list[tuple[int, int]]  # account and text of each, 0 = not known
some_calls = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 6)), max_size=60).map(sorted)


def columns(found: Calls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    owner, text = (np.asarray(column) for column in zip(*found, strict=True)) if found else (np.zeros(0, int),) * 2
    identity = np.random.default_rng(len(found)).permutation(len(found)).astype(np.uint64)
    return owner.astype(np.int64), text.astype(np.uint64), identity


def naive(found: Calls, identity: np.ndarray) -> list[int]:
    accounts, least = defaultdict(set), {}
    for (account, text), name in zip(found, identity.tolist(), strict=True):
        accounts[text].add(account)
        least[text] = min(name, least.get(text, name))
    numbers = []
    for (_, text), name in zip(found, identity.tolist(), strict=True):
        number = len(accounts[text]) if text else 0
        counts = number < SHARED_ACCOUNTS_MIN or (number < PUBLIC_ACCOUNTS and name == least[text])
        numbers.append(number if counts else -number)
    return numbers


@given(some_calls)
def test_senders_are_what_counting_says(found: Calls) -> None:
    owner, text, identity = columns(found)
    senders = Senders.among([sent_texts(owner, text, identity)], NO_COPIES, 15)
    assert senders.of(text, identity).tolist() == naive(found, identity)


@given(some_calls, st.integers(2, 4))
def test_parts_of_the_accounts_say_the_same_together(found: Calls, parts: int) -> None:
    owner, text, identity = columns(found)
    whole = Senders.among([sent_texts(owner, text, identity)], NO_COPIES, 15)
    cut = [owner % parts == part for part in range(parts)]
    joined = Senders.among([sent_texts(owner[rows], text[rows], identity[rows]) for rows in cut], NO_COPIES, 15)
    for name in ("text", "accounts", "counts"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(joined, name))


def test_of_a_large_day_more_accounts_make_a_text_shared() -> None:
    owner, text = np.arange(6), np.full(6, 9, np.uint64)
    sent = [sent_texts(owner, text, np.arange(6).astype(np.uint64))]
    for accounts, counted in ((10, 1), (12_000, 1), (12_001, 6)):
        found = Senders.among(sent, NO_COPIES, accounts).of(text, np.arange(6).astype(np.uint64))
        assert (found > 0).sum() == counted
        assert np.abs(found).tolist() == [6] * 6


def test_copies_of_a_text_are_that_text() -> None:
    copies = Copies(np.array([7, 8], np.uint64), np.array([5, 5], np.uint64))
    owner, text = np.array([0, 1, 2, 3]), np.array([5, 7, 8, 9], np.uint64)
    identity = np.array([30, 10, 20, 40], np.uint64)
    senders = Senders.among([sent_texts(owner, copies.originals(text), identity)], copies, 4)
    assert senders.of(text, identity).tolist() == [-3, 3, -3, 1]


def test_parts_of_shared_texts_are_added_up() -> None:
    owner, senders = np.array([0, 0, 1, 2, 2]), np.array([-4, 1, 2, -10, 0], np.int32)
    assert shared_parts(owner, senders, 4).tolist() == [0.25, 0.5, 0.1, 0.0]
    assert shared_parts(owner[:0], senders[:0], 2).dtype == np.float64


def shared_population() -> Population:
    population = population_of(calls.state_of(calls.some_calls(400, accounts=30, seed=5)))[0]
    assert population.sample_prompt is not None
    text = np.random.default_rng(3).integers(1, 60, len(population.sample_owner)).astype(np.uint64)
    population = replace(population, sample_prompt=text)
    return with_senders(population, senders_of(population, NO_COPIES))


def test_own_text_takes_calls_out_of_samples_and_sums() -> None:
    population = shared_population()
    shared, own = is_shared(population), own_text(population)
    assert 0 < shared.sum() < len(shared)
    assert not is_shared(own).any()
    np.testing.assert_array_equal(own.sample_identity, population.sample_identity[~shared])
    for account in range(len(population)):
        gone = shared & (population.sample_owner == account)
        less = population.sample_features[population.sample_row[gone]].sum(axis=0, dtype=np.int32)
        np.testing.assert_array_equal(own.sums[account], population.sums[account] - less)
    assert own_text(own) is own
    np.testing.assert_array_equal(own.statistics[SHARED_TEXT], population.statistics[SHARED_TEXT])


def background(population: Population) -> object:
    folds = folds_of(population.account_ids, KEY)[population.sample_owner]
    return background_of(population.sample_features, population.sample_row, folds)


def test_the_background_of_own_text_is_exact_where_all_accounts_are_asked() -> None:
    population = shared_population()
    found, expected = own_background(background(population), population, KEY), background(own_text(population))
    np.testing.assert_array_equal(found.count, expected.count)
    np.testing.assert_array_equal(found.total, expected.total)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_background_of_own_text_is_estimated_from_some(seed: int) -> None:
    population = shared_population()
    some = population.select(np.random.default_rng(seed).random(len(population)) < 0.7)
    found, expected = own_background(background(population), some, KEY), background(own_text(population))
    assert abs(found.count.sum() / expected.count.sum() - 1) < 0.15


def test_days_of_earlier_versions_have_no_shared_text() -> None:
    population = replace(shared_population(), sample_senders=None)
    assert own_text(population) is population


@dataclass
class Grouped:
    of_prompt: np.ndarray


@dataclass
class Counted:
    hashes: np.ndarray
    calls: np.ndarray


def copies_among(groups: list[int], calls: list[int]) -> dict[int, int]:
    halves = np.arange(10, 10 + len(groups), dtype=np.uint64)
    prompts = Counted(np.stack([halves, halves], axis=1), np.asarray(calls, np.int64))
    copies = copies_of(Grouped(np.asarray(groups, np.int64)), prompts)
    return dict(zip(copies.text.tolist(), copies.original.tolist(), strict=True))


def test_a_text_and_its_copies() -> None:
    assert copies_among([0, 0, 0, -1], [1, 9, 2, 50]) == {10: 11, 11: 11, 12: 11}


def test_the_prompts_of_a_template_are_not_copies() -> None:
    assert copies_among([0] * 8, [1, 1, 1, 3, 1, 1, 1, 1]) == {}


def test_a_pair_sent_once_each_and_a_text_alone_are_not() -> None:
    assert copies_among([0, 0, 1], [1, 1, 40]) == {}


def test_of_equal_texts_the_least_hash_is_the_original() -> None:
    assert copies_among([0, 0], [5, 5]) == {10: 10, 11: 10}


def test_other_texts_are_themselves() -> None:
    text = np.array([3, 4], np.uint64)
    assert NO_COPIES.originals(text).tolist() == [3, 4]
