"""Grams that the same prompts hold, against dictionaries of sets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import holders
from tests.kernels import naive_frames
from tests.kernels.strategies import QUICK, pack_words

NUMBERS = 10
LISTS = st.lists(st.lists(st.integers(0, NUMBERS - 1), unique=True, max_size=NUMBERS), max_size=14)


def held_by(prompts: list[list[int]], grams: int = NUMBERS) -> tuple[holders.Grams, holders.Holders]:
    """Prompts as the kernels take them, and who holds what by the kernel."""
    numbers, offsets = pack_words(prompts, np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=grams))]).astype(np.int64)
    found, lengths = holders.Holders(starts, np.full(len(numbers), -7, np.int32)), np.zeros(grams, np.int64)
    holders.list_holders(holders.Grams(offsets, numbers), found, lengths)
    assert lengths.tolist() == [sum(len(mine) for mine in prompts if gram in mine) for gram in range(grams)]
    return holders.Grams(offsets, numbers), found


def numbered(prompts: list[list[int]], order: list[int], percent: int, looked_at: int) -> tuple[list[int], int]:
    """Numbers of the grams by the kernel, and how many there are."""
    grams, found = held_by(prompts, len(order))
    identity = np.full(len(order), -7, np.int32)
    leaders = holders.gather_alike(np.array(order, np.int64), grams, found, percent, looked_at, identity)
    return identity.tolist(), leaders


@QUICK
@given(LISTS)
def test_holders_are_those_of_lists(prompts: list[list[int]]) -> None:
    _, found = held_by(prompts)
    expected = [[place for place, mine in enumerate(prompts) if gram in mine] for gram in range(NUMBERS)]
    assert [found.prompts[start:end].tolist() for start, end in pairwise(found.offsets)] == expected


@QUICK
@given(LISTS, st.sampled_from([1, 50, 75, 100]))
def test_alike_are_those_of_sets(prompts: list[list[int]], percent: int) -> None:
    count = [sum(gram in mine for mine in prompts) for gram in range(NUMBERS)]
    held = [gram for gram in range(NUMBERS) if count[gram]]
    renamed = {gram: place for place, gram in enumerate(held)}
    prompts = [[renamed[gram] for gram in mine] for mine in prompts]
    order = sorted(renamed.values(), key=lambda gram: (-count[held[gram]], gram))
    found, leaders = numbered(prompts, order, percent, 64)
    expected = naive_frames.alike(prompts, order, percent)
    assert found == [expected[gram] for gram in range(len(order))]
    assert leaders == len(set(found))


@pytest.mark.parametrize("looked_at", [1, 64])
def test_a_few_holders_are_enough_to_find_who_is_alike(looked_at: int) -> None:
    """Two frames of four grams held by 3,000 prompts each, and a gram that half of the first frame's prompts hold."""
    prompts = [[4 * (place % 2) + gram for gram in range(4)] + [8] * (place % 4 == 0) for place in range(6_000)]
    assert numbered(prompts, [*range(9)], 75, looked_at) == ([0] * 4 + [1] * 4 + [2], 3)


def test_a_leader_is_compared_and_no_follower() -> None:
    """Of a chain of grams, each alike to the next, those too far from the leader lead anew."""
    prompts = [[gram for gram in range(4) if 10 * gram <= place < 100 + 10 * gram] for place in range(130)]
    assert numbered(prompts, [0, 1, 2, 3], 75, 256) == ([0, 0, 1, 1], 2)


def test_nothing_is_alike_in_nothing() -> None:
    assert numbered([], [], 75, 64) == ([], 0)
    assert numbered([[], []], [], 75, 64) == ([], 0)
