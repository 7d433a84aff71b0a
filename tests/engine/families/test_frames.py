"""Frames in postings form, and the rules by which prompts are matched with them and their variants."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.common import threads
from gauger.engine.common.settings import GRAM_WIDTH
from gauger.engine.families.frames import CONTAINED_PERCENT, NO_FRAMES, Frames, Grams, Matcher
from tests.engine.frame_worlds import frames_of, grams_of, lists_of
from tests.kernels.naive_frames import NaiveFrames
from tests.kernels.strategies import QUICK

GRAM = st.one_of(st.integers(0, 15), st.sampled_from([2**31, 2**32 - 1]))
SETS = st.lists(st.sets(GRAM, max_size=12).map(sorted), max_size=7)
FRAME = list(range(10))


def labels(frames: Frames, prompts: list[list[int]]) -> list[int]:
    return Matcher(frames).match(grams_of(prompts)).tolist()


@QUICK
@given(st.data(), st.lists(st.lists(GRAM, max_size=6), max_size=6))
def test_taking_grams_keeps_each_prompts_own(data: st.DataObject, prompts: list[list[int]]) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(prompts) - 1)) if prompts else st.just([]))
    taken = grams_of(prompts).take(np.asarray(chosen, np.int64))
    assert lists_of(taken) == [prompts[place] for place in chosen]
    assert len(taken) == len(chosen)
    assert taken.offsets.dtype == np.int64
    assert taken.values.dtype == np.uint32


@QUICK
@given(st.data(), SETS)
def test_postings_are_those_of_sets(data: st.DataObject, sets: list[list[int]]) -> None:
    count = len(sets)
    pairs = [(frame, gram) for frame, grams in enumerate(sets) for gram in grams]
    pairs = data.draw(st.permutations(pairs))
    frame, gram = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    frames = Frames.of(frame, gram, np.arange(count) + 5)
    assert len(frames) == count
    assert frames.distinct.tolist() == sorted({gram for grams in sets for gram in grams})
    postings = [
        frames.posting_frames[a:b].tolist()
        for a, b in zip(frames.posting_offsets[:-1], frames.posting_offsets[1:], strict=True)
    ]
    assert postings == [[f for f in range(count) if gram in sets[f]] for gram in frames.distinct.tolist()]
    assert [frames.grams_of(f).tolist() for f in range(count)] == sets
    assert frames.sizes.tolist() == [len(grams) for grams in sets]
    assert frames.members.tolist() == [5 + f for f in range(count)]
    assert frames.parents.tolist() == [-1] * count
    found = zip(*(column.tolist() for column in frames.pairs()), strict=True)
    assert list(found) == sorted(pairs, key=lambda pair: (pair[1], pair[0]))


@QUICK
@given(SETS)
def test_shared_grams_are_those_of_sets(sets: list[list[int]]) -> None:
    frames = frames_of(sets, [9] * len(sets))
    keys, numbers = frames.shared()
    expected = {
        left * len(sets) + right: len({*sets[left]} & {*sets[right]})
        for left, right in product(range(len(sets)), repeat=2)
        if left != right and {*sets[left]} & {*sets[right]}
    }
    assert dict(zip(keys.tolist(), numbers.tolist(), strict=True)) == expected
    assert keys.tolist() == sorted(expected)


def test_a_gram_of_very_many_frames_is_shared_with_those_nearby() -> None:
    """Comparing all frames with each other would cost the square of their number."""
    frames = frames_of([[1]] * 100, [9] * 100)
    keys, numbers = frames.shared()
    distances = abs(keys // 100 - keys % 100)
    assert (distances.min(), distances.max()) == (1, 39)
    assert len(keys) == 2 * sum(100 - step for step in range(1, 40))
    assert np.all(numbers == 1)


def test_a_root_is_the_frame_at_the_top() -> None:
    frames = frames_of([FRAME, FRAME, [1], [2], [3]], [9] * 5, [-1, -1, 1, 2, 0])
    assert frames.roots().tolist() == [0, 1, 1, 1, 0]
    assert NO_FRAMES.roots().tolist() == []


def test_grams_of_a_variant_are_its_own() -> None:
    frames = frames_of([FRAME, [20, 21, 22]], [9, 5], [-1, 0])
    assert frames.grams_of(1).tolist() == [20, 21, 22]
    assert frames.grams_of(1).dtype == np.uint32


@st.composite
def hierarchies(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[int]]:
    """Grams, members and parents of frames and variants."""
    sets = draw(st.lists(st.sets(GRAM, min_size=1, max_size=12).map(sorted), min_size=1, max_size=8))
    parents = [draw(st.integers(-1, place - 1)) for place in range(len(sets))]
    return sets, draw(st.lists(st.integers(5, 8), min_size=len(sets), max_size=len(sets))), parents


@QUICK
@given(hierarchies(), st.lists(st.lists(GRAM, max_size=20), max_size=8))
def test_matches_are_those_of_sets(
    hierarchy: tuple[list[list[int]], list[int], list[int]], prompts: list[list[int]]
) -> None:
    sets, members, parents = hierarchy
    order = sorted(range(len(sets)), key=lambda frame: (-members[frame], frame))
    needed = [-(-len(grams) * CONTAINED_PERCENT // 100) for grams in sets]
    needed = [max(GRAM_WIDTH, n) if parent < 0 else n for n, parent in zip(needed, parents, strict=True)]
    rank = [order.index(frame) for frame in range(len(sets))]
    known = NaiveFrames([{*grams} for grams in sets], needed, parents, rank, GRAM_WIDTH, CONTAINED_PERCENT)
    prompts = [*prompts, *([*mine, *sets[0], *sets[-1]] for mine in prompts)]
    assert labels(frames_of(sets, members, parents), prompts) == [known.match(mine) for mine in prompts]


def test_a_prompt_is_matched_when_it_holds_four_fifths_of_a_frame() -> None:
    prompts = [FRAME, list(range(8)), list(range(7)), [99, *range(2, 10), 98], []]
    assert labels(frames_of([FRAME], [50]), prompts) == [0, 0, -1, 0, -1]


def test_five_grams_are_needed_however_small_the_frame() -> None:
    frames = frames_of([list(range(5)), list(range(10, 14))], [50, 50])
    assert labels(frames, [[0, 1, 2, 3], FRAME, [*range(10, 14)]]) == [-1, 0, -1]


def test_of_nested_frames_the_more_specific_one_wins_however_small_its_family() -> None:
    frames = frames_of([FRAME, list(range(30))], [1_000, 8])
    assert labels(frames, [list(range(30)), list(range(12))]) == [1, 0]


def test_of_crossing_frames_the_larger_family_wins() -> None:
    left, right = list(range(12)), list(range(9, 24))
    assert labels(frames_of([left, right], [40, 20]), [list(range(24))]) == [0]
    assert labels(frames_of([left, right], [20, 40]), [list(range(24))]) == [1]
    assert labels(frames_of([left, right], [20, 20]), [list(range(24))]) == [0]


def test_a_prompt_of_no_variant_is_of_their_parent() -> None:
    frames = frames_of([FRAME, [20, 21, 22], [30, 31, 32]], [90, 50, 40], [-1, 0, 0])
    prompts = [FRAME, [*FRAME, 20, 21], [*FRAME, 20, 21, 22], [30, 31, 32, *FRAME], [20, 21, 22, 30, 31, 32]]
    assert labels(frames, prompts) == [0, 0, 1, 2, -1]


@pytest.mark.parametrize("members", [[90, 50, 40, 30], [90, 1, 2, 3]])
def test_a_variant_of_a_variant_asks_for_both(members: list[int]) -> None:
    frames = frames_of([FRAME, [20, 21, 22], [30, 31, 32], [40, 41, 42]], members, [-1, 0, 0, 2])
    prompts = [[*FRAME, 40, 41, 42], [*FRAME, 30, 31, 32], [*FRAME, 30, 31, 32, 40, 41, 42], [*FRAME, *range(20, 43)]]
    assert labels(frames, prompts)[:3] == [0, 2, 3]
    assert labels(frames, prompts)[3] in (1, 3)


def test_a_variants_grams_make_no_frame_of_it() -> None:
    """Nesting is between frames: a variant with a larger frame's grams draws nobody down."""
    wide, other = list(range(10)), list(range(50, 62))
    frames = frames_of([wide, other, list(range(50, 58))], [90, 20, 30], [-1, -1, 0])
    assert labels(frames, [other, [*wide, *other]]) == [1, 2]


def test_no_frames_match_nothing() -> None:
    assert labels(NO_FRAMES, [[1, 2, 3], []]) == [-1, -1]
    assert labels(NO_FRAMES, []) == labels(frames_of([FRAME], [9]), []) == []
    assert labels(frames_of([[], FRAME], [9, 9]), [[], FRAME]) == [-1, 1]
    assert [len(part) for part in NO_FRAMES.shared()] == [0, 0]
    assert NO_FRAMES.pairs()[0].tolist() == []


def test_slices_and_workers_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(6)
    frames = frames_of([random.choice(200, 12, replace=False).tolist() for _ in range(9)], [*range(5, 14)])
    pasted = [*(frames.grams_of(frame).tolist() for frame in range(9)), [], [1, 2]]
    prompts = grams_of([pasted[at] + random.integers(0, 200, 5).tolist() for at in random.integers(0, 11, 100)])
    whole = Matcher(frames).match(prompts)
    assert len(set(whole.tolist())) == 10
    monkeypatch.setattr("gauger.engine.families.frames._SLICE", 7)
    for workers in (1, 3):
        with threads.use(workers):
            assert np.array_equal(Matcher(frames).match(prompts), whole)
    later = Grams(prompts.offsets[50:], prompts.values)  # offsets need not begin at 0
    assert np.array_equal(Matcher(frames).match(later), whole[50:])
