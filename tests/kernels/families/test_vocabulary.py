"""The frequent grams of prompts against dictionaries: tallied, numbered, renamed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import vocabulary
from tests.kernels import naive_frames
from tests.kernels.strategies import QUICK, pack_words

# Few grams, so that prompts share them; some far apart, some of one cell of a table.
GRAM = st.one_of(st.integers(0, 12), st.sampled_from([16, 32, 2**31, 2**32 - 1]))
PROMPTS = st.lists(st.lists(GRAM, max_size=25), max_size=12)


def pack_grams(prompts: naive_frames.Prompts) -> tuple[np.ndarray, np.ndarray]:
    """Offsets int64[n + 1] and grams uint32, as the kernels take them."""
    grams, offsets = pack_words(prompts, np.uint32)
    return offsets, grams


def tally(grams: np.ndarray, cells: int) -> np.ndarray:
    """Tally by the kernel."""
    counters = np.zeros(cells, np.uint8)
    vocabulary.tally_grams(grams, counters)
    return counters


class Numbered:
    """What the kernel numbers, with room for so many distinct grams."""

    def __init__(self, prompts: naive_frames.Prompts, counters: np.ndarray, least: int, rows: int, slots: int) -> None:
        offsets, grams = pack_grams(prompts)
        self.index = np.full(slots, -1, np.int32)
        self.statistics = np.zeros((rows, vocabulary.STATISTICS), np.uint32)
        self.offsets, self.numbers = np.full(len(offsets), -7, np.int64), np.full(len(grams), -7, np.int32)
        self.found = vocabulary.number_grams(
            vocabulary.Grams(offsets, grams), counters, least, self.index, self.statistics,
            vocabulary.Grams(self.offsets, self.numbers),
        )  # fmt: skip

    def rows(self) -> list[naive_frames.Counted]:
        columns = (vocabulary.GRAM, vocabulary.COUNT, vocabulary.OCCURRENCES)
        return [naive_frames.Counted(*row) for row in self.statistics[: self.found][:, columns].tolist()]

    def lists(self) -> list[list[int]]:
        return [self.numbers[start:end].tolist() for start, end in pairwise(self.offsets)]


@QUICK
@given(PROMPTS, st.sampled_from([1, 4, 16, 64]))
def test_the_tally_is_that_of_low_bits(prompts: list[list[int]], cells: int) -> None:
    assert tally(pack_grams(prompts)[1], cells).tolist() == naive_frames.tallied(prompts, cells)


@pytest.mark.parametrize(("occurrences", "counter"), [(254, 254), (255, 255), (256, 255), (257, 255), (1_000, 255)])
def test_the_tally_stops_at_255(occurrences: int, counter: int) -> None:
    grams = np.array([3, 9] * occurrences, np.uint32)
    assert tally(grams, 4).tolist() == [0, counter, 0, counter]
    assert tally(np.zeros(0, np.uint32), 4).tolist() == [0] * 4


@QUICK
@given(PROMPTS, st.integers(0, 4), st.sampled_from([4, 16, 64]), st.sampled_from([32, 64]))
def test_numbers_are_those_of_a_dict(prompts: list[list[int]], least: int, cells: int, slots: int) -> None:
    counters = naive_frames.tallied(prompts, cells)
    result = Numbered(prompts, np.array(counters, np.uint8), least, 17, slots)
    passing = [[gram for gram in grams if counters[gram % cells] >= least] for grams in prompts]
    expected = naive_frames.counted(passing)
    assert result.rows() == expected
    number = {row.gram: place for place, row in enumerate(expected)}
    assert result.lists() == [[number[gram] for gram in dict.fromkeys(grams)] for grams in passing]
    # The index finds each, and nothing else was written.
    assert sorted(result.index[result.index >= 0].tolist()) == list(range(len(expected)))
    assert not result.statistics[result.found :].any()


def test_a_table_that_is_too_short_says_so() -> None:
    prompts = [[5, 6], [7, 5], [8]]
    counters = np.full(16, 255, np.uint8)
    for rows, found in ((0, -1), (3, -1), (4, 4), (5, 4)):
        assert Numbered(prompts, counters, 1, rows, 16).found == found


def test_a_probe_goes_on_at_the_start_of_the_index() -> None:
    """As many grams as half the index, and grams that are not there looked for among them."""
    prompts = [[*range(64)], [*range(0, 64, 3), *range(64, 128)]]
    result = Numbered(prompts, np.full(1, 9, np.uint8), 1, 128, 256)
    assert result.found == 128
    assert result.lists() == [[*range(64)], [*range(0, 64, 3), *range(64, 128)]]


def test_nothing_is_numbered_of_nothing() -> None:
    for prompts in ([], [[]], [[], []]):
        result = Numbered(prompts, np.zeros(1, np.uint8), 0, 0, 1)
        assert result.found == 0
        assert result.lists() == prompts


@QUICK
@given(
    st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=8),
    st.lists(st.integers(-1, 5), min_size=10, max_size=10),
)
def test_renamed_numbers_are_those_of_lists(prompts: list[list[int]], renamed: list[int]) -> None:
    values, offsets = pack_words(prompts, np.int32)
    vocabulary.renumber(offsets, values, np.array(renamed, np.int32))
    expected = [[renamed[number] for number in numbers if renamed[number] >= 0] for numbers in prompts]
    assert [values[start:end].tolist() for start, end in pairwise(offsets)] == expected
