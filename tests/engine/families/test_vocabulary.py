"""The frequent grams of prompts against counters."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.families.vocabulary import MemberCounter, Vocabulary, frequent_grams
from tests.engine.frame_worlds import grams_of, lists_of
from tests.kernels.naive_frames import counted
from tests.kernels.strategies import QUICK

GRAM = st.one_of(st.integers(0, 8), st.sampled_from([4_096, 2**31, 2**32 - 1]))
PROMPTS = st.lists(st.lists(GRAM, max_size=12), max_size=10)


def vocabulary_of(prompts: list[list[int]], count_min: int) -> Vocabulary:
    return frequent_grams(grams_of(prompts), count_min)


@QUICK
@given(PROMPTS, st.integers(1, 5))
def test_frequent_grams_are_those_of_a_counter(prompts: list[list[int]], count_min: int) -> None:
    found = vocabulary_of(prompts, count_min)
    expected = {
        one.gram: one.prompts
        for one in counted(prompts)
        if one.prompts >= count_min and one.occurrences <= 1.5 * one.prompts
    }
    assert list(found.values) == [*expected]
    assert found.counts.tolist() == [*expected.values()]
    assert [[found.values[number] for number in mine] for mine in lists_of(found.grams())] == [
        [gram for gram in dict.fromkeys(mine) if gram in expected] for mine in prompts
    ]
    assert len(found) == len(prompts)


def test_a_table_that_was_too_short_is_made_anew() -> None:
    """A table for 1 024 grams at first, and then one for 4 096, and one for 16 384."""
    for distinct in (1_024, 1_025, 4_097, 5_000):
        prompts = [list(range(place, distinct, 2)) for place in (0, 1, 0, 1, 1)]
        found = vocabulary_of(prompts, 2)
        assert sorted(found.values.tolist()) == list(range(distinct))
        assert found.counts.tolist() == [2 + gram % 2 for gram in found.values.tolist()]
        assert [[found.values[number] for number in mine] for mine in lists_of(found.grams())] == prompts


@pytest.mark.parametrize("count_min", [254, 255, 256, 300, 1_000])
def test_a_gram_may_have_to_be_in_more_prompts_than_the_tally_counts(count_min: int) -> None:
    prompts = [[1, 2] if place < count_min else [1, 3] for place in range(2 * count_min - 1)]
    found = vocabulary_of(prompts, count_min)
    assert dict(zip(found.values.tolist(), found.counts.tolist(), strict=True)) == {1: 2 * count_min - 1, 2: count_min}
    assert len(vocabulary_of(prompts, 2 * count_min).values) == 0


def test_separators_are_no_part_of_a_vocabulary() -> None:
    """Grams that mostly repeat within a prompt go; those that now and then do stay."""
    repeated, twice, once = 7, 8, 9
    prompts = [[repeated, once, repeated, twice, *([twice] * (place < 5))] for place in range(10)]
    found = vocabulary_of(prompts, 5)
    assert sorted(found.values.tolist()) == [twice, once]
    assert Counter(found.numbers.tolist()) == {0: 10, 1: 10}


def test_nothing_is_frequent_in_nothing() -> None:
    for prompts in ([], [[]], [[], [1], []]):
        found = vocabulary_of(prompts, 2)
        assert len(found) == len(prompts)
        assert found.offsets.tolist() == [0] * (len(prompts) + 1)
        assert len(found.numbers) == len(found.values) == len(found.counts) == 0
        assert lists_of(found.grams()) == [[] for _ in prompts]


def test_the_order_of_prompts_only_renumbers() -> None:
    random = np.random.default_rng(5)
    prompts = [random.integers(0, 60, 20).tolist() for _ in range(80)]
    order = random.permutation(80)
    one, other = vocabulary_of(prompts, 4), vocabulary_of([prompts[row] for row in order], 4)
    rows = [sorted(zip(found.values.tolist(), found.counts.tolist(), strict=True)) for found in (one, other)]
    assert rows[0] == rows[1]


def some_of(data: st.DataObject, count: int) -> list[int]:
    """Some of the numbers below a count, in any order."""
    return data.draw(st.lists(st.sampled_from(range(count)), unique=True)) if count else []


@QUICK
@given(PROMPTS, st.data())
def test_a_part_is_some_prompts_with_some_grams(prompts: list[list[int]], data: st.DataObject) -> None:
    whole = vocabulary_of(prompts, 1)
    asked, grams = some_of(data, len(prompts)), some_of(data, len(whole.values))
    part = whole.part(np.asarray(asked, np.int64), np.asarray(grams, np.int64))
    mine = lists_of(whole.grams())
    expected = [[grams.index(gram) for gram in mine[prompt] if gram in grams] for prompt in asked]
    assert lists_of(part.grams()) == expected
    assert part.values.tolist() == whole.values[np.asarray(grams, np.int64)].tolist()
    assert part.counts.tolist() == [sum(place in own for own in expected) for place in range(len(grams))]


@QUICK
@given(PROMPTS, st.data())
def test_holdings_are_those_of_some_prompts(prompts: list[list[int]], data: st.DataObject) -> None:
    found = vocabulary_of(prompts, 1)
    asked, grams = some_of(data, len(prompts)), some_of(data, len(found.values))
    counter = MemberCounter(found)
    holdings = counter.holdings(np.asarray(asked, np.int64), np.asarray(grams, np.int64))
    mine = lists_of(found.grams())
    assert holdings.tolist() == [len(set(mine[prompt]) & set(grams)) for prompt in asked]
    held, counts = counter.count(np.asarray(asked, np.int64))
    expected = Counter(gram for prompt in asked for gram in set(mine[prompt]))
    assert dict(zip(held.tolist(), counts.tolist(), strict=True)) == expected
