"""Frames: consensus and matches against dictionaries of sets."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import frames
from tests.kernels.naive_frames import NaiveFrames, counted
from tests.kernels.strategies import QUICK, pack_words

# Few grams, so that prompts share them; some far apart.
GRAM = st.one_of(st.integers(0, 12), st.sampled_from([2**31, 2**32 - 1]))
PROMPTS = st.lists(st.lists(GRAM, max_size=25), max_size=12)
NUMBERS = 12
LISTS = st.lists(st.lists(st.integers(0, NUMBERS - 1), unique=True, max_size=NUMBERS), min_size=1, max_size=10)


def pack_grams(prompts: list[list[int]], kind: type = np.uint32) -> frames.Grams:
    """Grams or their numbers, as the frame kernels take them."""
    values, offsets = pack_words(prompts, kind)
    return frames.Grams(offsets, values)


def agreed(groups: list[list[int]], prompts: list[list[int]], kept: np.ndarray, percent: int) -> list[tuple[int, int]]:
    """(group, gram) by the kernel."""
    order, starts = pack_words(groups, np.int64)
    held, most = np.zeros(NUMBERS, np.int32), sum(len(prompts[prompt]) for mine in groups for prompt in mine)
    group, gram = np.zeros(most, np.int32), np.zeros(most, np.int32)
    found = frames.agreed_grams(order, starts, pack_grams(prompts, np.int32), kept, percent, held, group, gram)
    assert not held.any()
    return list(zip(group[:found].tolist(), gram[:found].tolist(), strict=True))


@QUICK
@given(st.data(), LISTS, st.sampled_from([1, 50, 80, 100]))
def test_agreed_grams_are_those_enough_of_a_group_keep(
    data: st.DataObject, prompts: list[list[int]], percent: int
) -> None:
    label = data.draw(st.lists(st.integers(-1, 2), min_size=len(prompts), max_size=len(prompts)))
    groups = [[prompt for prompt, mine in enumerate(label) if mine == group] for group in sorted({*label} - {-1})]
    flags = [data.draw(st.lists(st.booleans(), min_size=len(mine), max_size=len(mine))) for mine in prompts]
    expected = []
    for group, mine in enumerate(groups):
        number = Counter(
            gram for prompt in mine for gram, keep in zip(prompts[prompt], flags[prompt], strict=True) if keep
        )
        seen = dict.fromkeys(gram for prompt in mine for gram in prompts[prompt])
        expected += [(group, gram) for gram in seen if number[gram] and number[gram] * 100 >= percent * len(mine)]
    kept = np.array([keep for mine in flags for keep in mine], np.uint8)
    assert agreed(groups, prompts, kept, percent) == expected


def test_no_groups_agree_on_nothing() -> None:
    assert agreed([], [], np.zeros(0, np.uint8), 80) == []
    assert agreed([[0]], [[]], np.zeros(0, np.uint8), 80) == []


@QUICK
@given(st.data(), LISTS)
def test_members_are_counted_as_by_a_dict(data: st.DataObject, prompts: list[list[int]]) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(prompts) - 1), unique=True))
    held, seen = np.zeros(NUMBERS, np.int32), np.full(NUMBERS, -7, np.int32)
    found = frames.count_members(np.array(chosen, np.int64), pack_grams(prompts, np.int32), held, seen)
    expected = counted([prompts[prompt] for prompt in chosen])
    assert seen[:found].tolist() == [one.gram for one in expected]
    assert [held[gram] for gram in seen[:found]] == [one.prompts for one in expected]
    assert held.sum() == sum(one.prompts for one in expected)


@QUICK
@given(st.sets(st.integers(0, 2**32 - 1), max_size=30))
def test_every_gram_is_in_the_index_once(grams: set[int]) -> None:
    index = np.full(64, -1, np.int32)
    frames.index_grams(np.array(sorted(grams), np.uint32), index)
    assert sorted(index[index >= 0].tolist()) == list(range(len(grams)))


def match(known: NaiveFrames, prompts: list[list[int]]) -> list[int]:
    """Labels by the kernel, with postings and pair counts made from the sets."""
    sets = known.grams
    distinct = sorted(set().union(*sets))
    postings = [[place for place, grams in enumerate(sets) if gram in grams] for gram in distinct]
    posting_frames, posting_offsets = pack_words(postings, np.int32)
    index = np.full(64, -1, np.int32)
    frames.index_grams(np.array(distinct, np.uint32), index)
    overlaps = {
        left * len(sets) + right: len(sets[left] & sets[right])
        for left, right in product(range(len(sets)), repeat=2)
        if left != right and sets[left] & sets[right]
    }
    labels = np.full(len(prompts), -7, np.int32)
    table = frames.Table(
        np.array(distinct, np.uint32), index, posting_offsets, posting_frames,
        np.array([*map(len, sets)], np.int64), np.array(known.needed, np.int64), np.array(known.parents, np.int32),
        np.array(known.rank, np.int64), np.array([*overlaps], np.int64), np.array([*overlaps.values()], np.int64),
    )  # fmt: skip
    frames.match_frames(pack_grams(prompts), table, known.least_grams, known.percent, labels)
    return labels.tolist()


@st.composite
def frame_sets(draw: st.DrawFn) -> NaiveFrames:
    """Up to eight frames and variants, variants after what they are of, with needs of one gram or more."""
    grams = draw(st.lists(st.sets(GRAM, min_size=1, max_size=10), min_size=1, max_size=8))
    parents = [draw(st.integers(-1, frame - 1)) if draw(st.booleans()) else -1 for frame in range(len(grams))]
    needed = [draw(st.integers(1, len(one))) for one in grams]
    rank = draw(st.permutations(range(len(grams))))
    return NaiveFrames(grams, needed, parents, rank, draw(st.integers(1, 4)), draw(st.sampled_from([50, 80, 100])))


@QUICK
@given(frame_sets(), PROMPTS)
def test_matches_are_those_of_sets(known: NaiveFrames, prompts: list[list[int]]) -> None:
    # Prompts that hold whole frames, with what they are variants of, beside those that hold any grams.
    pasted = []
    for place, grams in enumerate(prompts):
        frame = place % len(known.grams)
        while frame >= 0:
            grams = [*sorted(known.grams[frame]), *grams]
            frame = known.parents[frame]
        pasted.append(grams)
    for batch in (prompts, pasted):
        assert match(known, batch) == [known.match(prompt) for prompt in batch]


def plain(sets: list[set[int]], *, parents: list[int] | None = None, needed: list[int] | None = None) -> NaiveFrames:
    """Frames in order of rank that match at four fifths."""
    needed = needed or [-(-len(grams) * 4 // 5) for grams in sets]
    return NaiveFrames(sets, needed, parents or [-1] * len(sets), [*range(len(sets))], 5, 80)


def test_a_prompt_descends_to_the_nested_frame_and_ignores_the_crossing_one() -> None:
    wide, nested, crossing = {*range(10)}, {*range(20)}, {*range(8, 18)}
    prompts = [[*range(10)], [*range(20)], [*range(8, 18)], [99, 98], []]
    assert match(plain([wide, nested, crossing]), prompts) == [0, 1, 2, -1, -1]


@pytest.mark.parametrize(("more", "label"), [(4, 0), (5, 1), (6, 1)])
def test_a_nested_frame_has_enough_grams_of_its_own(more: int, label: int) -> None:
    wide, nested = {*range(10)}, {*range(10 + more)}
    assert match(plain([wide, nested]), [sorted(nested)]) == [label]


def test_repeated_grams_are_one_of_a_frame() -> None:
    assert match(plain([{1, 2, 3, 4, 5}]), [[1, 1, 1, 1, 1], [5, 4, 3, 2, 1, 1]]) == [-1, 0]


def test_a_variant_counts_only_below_its_frame() -> None:
    known = plain([{*range(10)}, {20, 21, 22}, {30, 31, 32}, {40, 41, 42}], parents=[-1, 0, 0, 1])
    frame = [*range(10)]
    prompts = [frame, [*frame, 20, 21, 22], [*frame, 30, 31, 32], [20, 21, 22], [*frame, 40, 41, 42]]
    assert match(known, prompts) == [0, 1, 2, -1, 0]
    assert match(known, [[*frame, 20, 21, 22, 40, 41, 42]]) == [3]


def test_of_two_variants_the_one_held_most_of_wins_and_of_equals_the_larger() -> None:
    known = plain([{*range(10)}, {20, 21, 22, 23, 24}, {30, 31, 32, 33, 34}], parents=[-1, 0, 0])
    frame = [*range(10)]
    both = [20, 21, 22, 23, 30, 31, 32, 33]
    assert match(known, [[*frame, *both], [*frame, *both, 34], [*frame, *both, 24]]) == [1, 2, 1]
    assert match(known, [[*frame, *reversed(both)]]) == [1]
