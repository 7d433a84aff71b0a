"""Frames in postings form, and the rules by which prompts are matched with them and their variants."""

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


def test_a_root_is_the_frame_at_the_top_and_grams_of_a_variant_are_its_own() -> None:
    frames = frames_of([FRAME, FRAME, [1], [2], [3]], [9] * 5, [-1, -1, 1, 2, 0])
    assert frames.roots().tolist() == [0, 1, 1, 1, 0]
    assert NO_FRAMES.roots().tolist() == []
    assert frames.grams_of(3).tolist() == [2]
    assert frames.grams_of(3).dtype == np.uint32


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
    order = sorted(range(len(sets)), key=lambda frame: (-members[frame], -len({*sets[frame]}), frame))
    needed = [-(-len(grams) * CONTAINED_PERCENT // 100) for grams in sets]
    needed = [max(GRAM_WIDTH, n) if parent < 0 else n for n, parent in zip(needed, parents, strict=True)]
    rank = [order.index(frame) for frame in range(len(sets))]
    known = NaiveFrames([{*grams} for grams in sets], needed, parents, rank, GRAM_WIDTH, CONTAINED_PERCENT)
    prompts = [*prompts, *([*mine, *sets[0], *sets[-1]] for mine in prompts)]
    assert labels(frames_of(sets, members, parents), prompts) == [known.match(mine) for mine in prompts]


TWENTIES, THIRTIES, FORTIES = ([*range(start, start + 3)] for start in (20, 30, 40))
LEFT, RIGHT, OTHER = list(range(12)), list(range(9, 24)), list(range(50, 62))


@pytest.mark.parametrize(
    ("sets", "members", "parents", "matched"),
    [
        # Four fifths of a frame.
        ([FRAME], [50], None, [(FRAME, 0), (FRAME[:8], 0), (FRAME[:7], -1), ([99, *FRAME[2:], 98], 0), ([], -1)]),
        # Five grams are needed however small the frame.
        ([FRAME[:5], LEFT[8:]], [50, 50], None, [([0, 1, 2, 3], -1), (FRAME[:8], 0), (LEFT[8:], -1)]),
        # Of nested frames the more specific one wins however small its family.
        ([FRAME, list(range(30))], [1_000, 8], None, [(list(range(30)), 1), (list(range(12)), 0)]),
        # Of crossing frames the larger family wins.
        ([LEFT, RIGHT], [40, 20], None, [(list(range(24)), 0)]),
        ([LEFT, RIGHT], [20, 40], None, [(list(range(24)), 1)]),
        ([LEFT, RIGHT], [20, 20], None, [(list(range(24)), 1)]),  # the longer frame
        ([OTHER, LEFT], [20, 20], None, [([*LEFT, *OTHER], 0)]),
        # A prompt of no variant is of their parent.
        (
            [FRAME, TWENTIES, THIRTIES], [90, 50, 40], [-1, 0, 0],
            [(FRAME, 0), ([*FRAME, 20, 21], 0), (FRAME + TWENTIES, 1),
             (THIRTIES + FRAME, 2), (TWENTIES + THIRTIES, -1)],
        ),
        # A variant's grams make no frame of it: nesting is between frames, and it draws nobody down.
        ([FRAME, OTHER, OTHER[:8]], [90, 20, 30], [-1, -1, 0], [(OTHER, 1), (FRAME + OTHER, 2)]),
        ([[], FRAME], [9, 9], None, [([], -1), (FRAME, 1)]),
    ],
)  # fmt: skip
def test_prompts_are_matched_by_the_rules(
    sets: list[list[int]], members: list[int], parents: list[int] | None, matched: list[tuple[list[int], int]]
) -> None:
    assert labels(frames_of(sets, members, parents), [prompt for prompt, _ in matched]) == [own for _, own in matched]


@pytest.mark.parametrize("members", [[90, 50, 40, 30], [90, 1, 2, 3]])
def test_a_variant_of_a_variant_asks_for_both(members: list[int]) -> None:
    frames = frames_of([FRAME, TWENTIES, THIRTIES, FORTIES], members, [-1, 0, 0, 2])
    prompts = [FRAME + FORTIES, FRAME + THIRTIES, FRAME + THIRTIES + FORTIES, [*FRAME, *range(20, 43)]]
    *found, last = labels(frames, prompts)
    assert found == [0, 2, 3]
    assert last in (1, 3)


def test_no_frames_match_nothing() -> None:
    assert labels(NO_FRAMES, [[1, 2, 3], []]) == [-1, -1]
    assert labels(NO_FRAMES, []) == labels(frames_of([FRAME], [9]), []) == []
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
