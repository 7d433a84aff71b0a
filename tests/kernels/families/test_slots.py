"""Slot kernels against lists, sets and counters."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import slots
from tests.kernels import naive_slots as naive
from tests.kernels.strategies import QUICK, pack_words

# Few grams, so that prompts repeat anchors and values; some far apart.
GRAM = st.one_of(st.integers(0, 12), st.sampled_from([2**31, 2**32 - 1]))
PROMPTS = st.lists(st.lists(GRAM, max_size=25), max_size=10)
FRAMES = st.lists(st.sets(GRAM, min_size=1, max_size=8), min_size=1, max_size=4)


def pack_grams(prompts: list[list[int]]) -> slots.Grams:
    grams, offsets = pack_words(prompts, np.uint32)
    return slots.Grams(offsets, grams)


def tables(frames: list[set[int]]) -> slots.Anchors:
    """Hash tables of the frames, by the kernel."""
    widths = [1 << (2 * len(frame)).bit_length() for frame in frames]
    table_offsets = np.cumsum([0, *widths], dtype=np.int64)
    table = np.zeros(table_offsets[-1], np.uint64)
    anchors = slots.Anchors(table_offsets, table)
    slots.index_frames(pack_grams([sorted(frame) for frame in frames]), anchors)
    return anchors


def labels_for(data: st.DataObject, prompts: list[list[int]], frames: list[set[int]]) -> np.ndarray:
    label = st.integers(-1, len(frames) - 1)
    return np.array([data.draw(label) for _ in prompts], np.int64)


@QUICK
@given(FRAMES)
def test_a_table_holds_its_frame(frames: list[set[int]]) -> None:
    table_offsets, table = tables(frames)
    for frame, start, end in zip(frames, table_offsets, table_offsets[1:], strict=False):
        own = table[start:end]
        assert sorted(own[own > 0].tolist()) == sorted(gram + 1 for gram in frame)


@QUICK
@given(st.data(), PROMPTS, FRAMES)
def test_runs_are_what_lies_between_anchors(
    data: st.DataObject, prompts: list[list[int]], frames: list[set[int]]
) -> None:
    labels = labels_for(data, prompts, frames)
    room = slots.RUNS_MAX * len(prompts)
    frame, place, length = (np.full(room, -7, np.int64) for _ in range(3))
    anchor, values = np.zeros(room, np.uint64), np.zeros((room, slots.VALUES), np.uint64)
    runs = slots.Runs(frame, anchor, place, length, values)
    found = slots.list_runs(pack_grams(prompts), labels, tables(frames), runs)
    expected = []
    for prompt, label in zip(prompts, labels.tolist(), strict=True):
        if label < 0:
            continue
        for number, (before, run) in enumerate(list(naive.runs(prompt, frames[label]).items())[: slots.RUNS_MAX]):
            sides = range(1, slots.SIDES + 1)
            hashes = [naive.run_hash(piece) for piece in (run, *(run[:g] for g in sides), *(run[-g:] for g in sides))]
            expected.append((label, before, number, len(run), hashes))
    columns = (column[:found].tolist() for column in runs)
    assert list(zip(*columns, strict=True)) == expected


def test_a_prompt_has_a_bounded_number_of_runs() -> None:
    prompt = [gram for number in range(40) for gram in (number, 1_000 + number)]
    out = [np.zeros(slots.RUNS_MAX, kind) for kind in (np.int64, np.uint64, np.int64, np.int64)]
    values = np.zeros((slots.RUNS_MAX, slots.VALUES), np.uint64)
    runs = slots.Runs(*out, values)
    found = slots.list_runs(pack_grams([prompt]), np.zeros(1, np.int64), tables([set(range(40))]), runs)
    assert found == slots.RUNS_MAX
    assert out[1].tolist() == [*range(slots.RUNS_MAX)]


@QUICK
@given(st.data(), PROMPTS, FRAMES, st.integers(1, 5))
def test_counts_are_those_of_counters(
    data: st.DataObject, prompts: list[list[int]], frames: list[set[int]], k: int
) -> None:
    labels = labels_for(data, prompts, frames)
    anchors = [data.draw(st.lists(st.sampled_from([*frame, slots.HEAD]), max_size=3, unique=True)) for frame in frames]
    slot_anchors, slot_offsets = pack_words(anchors, np.uint64)
    sides = np.array([data.draw(st.integers(0, slots.SIDES)) for _ in slot_anchors], np.int64)
    widths = np.where(sides > 0, 2, 1)
    slot_rows = np.cumsum(np.append(0, widths))[:-1].astype(np.int64) if len(sides) else np.zeros(0, np.int64)
    parts = int(widths.sum())
    rows = parts + len(frames)
    repeats = np.array([data.draw(st.booleans()) for _ in range(parts)] + [False] * len(frames), np.uint8)
    owners = np.repeat(np.repeat(np.arange(len(frames)), np.diff(slot_offsets)), widths) if parts else np.zeros(0, int)
    frame_repeats = np.bincount(owners, repeats[:parts], len(frames)).astype(np.int64)
    frame_rows = np.where(frame_repeats >= 1, parts + np.arange(len(frames)), -1)
    kept, counts = np.zeros((rows, k), np.uint64), np.zeros((rows, k), np.int64)
    sizes, totals = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    shape = slots.Slots(slot_offsets, slot_anchors, sides, slot_rows, repeats, frame_repeats, frame_rows)
    sketches = slots.Sketches(kept, counts, sizes, totals)
    slots.count_runs(pack_grams(prompts), labels, tables(frames), shape, sketches)

    expected: list[list[int]] = [[] for _ in range(rows)]
    for prompt, label in zip(prompts, labels.tolist(), strict=True):
        if label < 0:
            continue
        runs, together = naive.runs(prompt, frames[label]), {}
        for slot in range(slot_offsets[label], slot_offsets[label + 1]):
            if int(slot_anchors[slot]) in runs:
                values = naive.parts(runs[int(slot_anchors[slot])], int(sides[slot]))
                for row, value in enumerate(values, int(slot_rows[slot])):
                    expected[row].append(value)
                    together |= {row: value} if repeats[row] else {}
        if frame_rows[label] >= 0 and len(together) == frame_repeats[label]:
            expected[frame_rows[label]].append(naive.combination(together))
    assert totals.tolist() == [*map(len, expected)]
    for row, values in enumerate(expected):
        size = int(sizes[row])
        found = list(zip(kept[row, :size].tolist(), counts[row, :size].tolist(), strict=True))
        assert found == naive.bottom(values, k)
        assert Counter(dict(found)) <= Counter(values)


def test_no_more_than_k_values_are_kept_and_their_counts_are_exact() -> None:
    """2,000 values, each in one to three prompts, in any order."""
    rng = np.random.default_rng(3)
    fillings = rng.permutation(np.repeat(np.arange(2_000), rng.integers(1, 4, 2_000)))
    prompts = [[1, 100 + int(filling), 2] for filling in fillings]
    one, nothing = np.zeros(1, np.int64), np.full(1, -1, np.int64)
    kept, counts, sizes, totals = np.zeros((1, 64), np.uint64), np.zeros((1, 64), np.int64), one.copy(), one.copy()
    shape = slots.Slots(np.array([0, 1]), np.array([1], np.uint64), one, one, np.zeros(1, np.uint8), one, nothing)
    labels = np.zeros(len(prompts), np.int64)
    slots.count_runs(pack_grams(prompts), labels, tables([{1, 2}]), shape, slots.Sketches(kept, counts, sizes, totals))
    expected = naive.bottom([naive.run_hash([100 + int(filling)]) for filling in fillings], 64)
    assert list(zip(kept[0].tolist(), counts[0].tolist(), strict=True)) == expected
    assert totals.tolist() == [len(prompts)]
