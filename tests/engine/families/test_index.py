"""The index: what exhaustive search by hand finds, in any number of segments, and nobody's threads."""

import os
from itertools import pairwise

import faiss
import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.families import index as nearest_families
from gauger.engine.families.index import CODE_BYTES, NearestFamilies


def random_codes(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, CODE_BYTES), np.uint8)


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Bits apart, all pairs."""
    return np.unpackbits(left[:, None] ^ right[None], axis=2).sum(axis=2)


@pytest.mark.parametrize("cuts", [[], [40], [1, 2, 40, 99]])
@pytest.mark.parametrize("exact_max", [20_000, 30])
def test_segments_find_what_one_search_finds(
    cuts: list[int], exact_max: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nearest_families, "EXACT_MAX", exact_max)
    monkeypatch.setattr(nearest_families, "_PROBES_MIN", 10**6)  # an inverted file that looks everywhere
    given, wanted = random_codes(100, 1), random_codes(20, 2)
    index = NearestFamilies.build(given[: [*cuts, 100][0]])
    for start, end in pairwise([*cuts, 100]):
        before = len(index)
        longer = index.extended(given[start:end])
        assert (len(index), len(longer)) == (before, end)  # the one that readers hold stays as it is
        index = longer
    rows, found = index.nearest(wanted, 7)
    expected = distances(wanted, given)
    assert np.array_equal(found, np.sort(expected, axis=1)[:, :7])
    assert np.array_equal(np.take_along_axis(expected, rows, 1), found)
    for one, own in zip(wanted, expected, strict=True):
        for reach in (90, 105, 120, 256):
            assert index.within(one, reach).tolist() == np.flatnonzero(own <= reach).tolist()


def test_many_additions_stay_few_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_families, "EXACT_MAX", 2_000)
    monkeypatch.setattr(nearest_families, "_PROBES_MIN", 10**6)
    given, index = random_codes(24_000, 3), NearestFamilies()
    for start in range(0, len(given), 1_500):
        index = index.extended(given[start : start + 1_500])
    assert len(index) == len(given)
    assert len(index._segments) <= nearest_families._SEGMENTS_MAX + 1
    rows, found = index.nearest(given[::1_000], 1)
    assert rows[:, 0].tolist() == list(range(0, 24_000, 1_000))
    assert not found.any()


def test_fewer_rows_than_asked_for() -> None:
    rows, _ = NearestFamilies.build(random_codes(2, 4)).nearest(random_codes(3, 5), 4)
    assert (rows[:, 2:] == -1).all()
    assert sorted(rows[0, :2].tolist()) == [0, 1]
    empty = NearestFamilies.build(random_codes(0, 6))
    assert len(empty) == 0
    assert (empty.nearest(random_codes(3, 5), 4)[0] == -1).all()
    assert empty.within(random_codes(1, 5)[0], 256).tolist() == []


def test_an_index_survives_a_fork() -> None:
    index, wanted = NearestFamilies.build(random_codes(500, 7)), random_codes(5, 8)
    expected = index.nearest(wanted, 3)[0].tolist()
    assert faiss.omp_get_max_threads() == 1
    child = os.fork()
    if child == 0:
        os._exit(0 if index.nearest(wanted, 3)[0].tolist() == expected else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known, wanted = random_codes(300, 8), random_codes(70, 9)
    nearest = NearestFamilies.build(known).extended(known[::3])
    expected = nearest.nearest(wanted, 9)
    monkeypatch.setattr(nearest_families, "_BLOCK", 16)
    with threads.use(3):
        for found, column in zip(nearest.nearest(wanted, 9), expected, strict=True):
            np.testing.assert_array_equal(found, column)
