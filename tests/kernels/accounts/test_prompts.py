"""The table of distinct prompts against a dict."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.accounts.prompts import EMPTY, intern, reindex
from tests.kernels.strategies import QUICK, WORD64

# Few first halves, and equal low bits: every probe runs into others.
HALF = st.one_of(st.sampled_from([0, 1, 64, 128, 2**63]), WORD64)
HASHES = st.lists(st.tuples(HALF, HALF), max_size=25)
SLOTS, ROOM = 256, 128


def as_array(hashes: list[tuple[int, int]]) -> np.ndarray:
    return np.array(hashes, np.uint64).reshape(-1, 2)


@QUICK
@given(st.lists(HASHES, max_size=5))
def test_intern_is_a_dict(batches: list[list[tuple[int, int]]]) -> None:
    index, stored, count = np.full(SLOTS, EMPTY, np.int32), np.zeros((ROOM, 2), np.uint64), 0
    known: dict[tuple[int, int], int] = {}
    for batch in batches:
        rows = np.full(len(batch), -7, np.int64)
        count = intern(as_array(batch), index, stored, count, rows)
        assert rows.tolist() == [known.setdefault(hashed, len(known)) for hashed in batch]
        assert count == len(known)
        assert [tuple(row) for row in stored[:count].tolist()] == list(known)


@QUICK
@given(HASHES, HASHES)
def test_a_rebuilt_index_finds_the_same_rows(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    known = {hashed: row for row, hashed in enumerate(dict.fromkeys(before))}
    stored = np.zeros((ROOM, 2), np.uint64)
    stored[: len(known)] = as_array(list(known))
    index = np.full(SLOTS, EMPTY, np.int32)
    reindex(stored[: len(known)], index)
    rows = np.zeros(len(after), np.int64)
    intern(as_array(after), index, stored, len(known), rows)
    assert rows.tolist() == [known.setdefault(hashed, len(known)) for hashed in after]


def test_a_probe_runs_around_the_end_of_the_index() -> None:
    hashes = [(7, 1), (7, 2), (15, 3), (7, 1)]
    index, stored, rows = np.full(8, EMPTY, np.int32), np.zeros((4, 2), np.uint64), np.zeros(4, np.int64)
    assert intern(as_array(hashes), index, stored, 0, rows) == 3
    assert rows.tolist() == [0, 1, 2, 0]
    assert index.tolist() == [1, 2, -1, -1, -1, -1, -1, 0]
