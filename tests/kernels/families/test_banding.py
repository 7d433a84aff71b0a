"""Banding: stable sorts, edges as a plain double loop finds them, forests, and the recall bands are built for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import banding
from gauger.kernels.sketches.minhash import SLOTS
from tests.kernels import naive, naive_families
from tests.kernels.strategies import QUICK

BAND = st.one_of(st.integers(0, 3), st.sampled_from([2047, 2048, 2**22, 2**32 - 1]), st.integers(0, 2**32 - 1))


@st.composite
def signature_rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Signatures that agree in many slots, the row in each place, and the places that take part."""
    size = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    signatures = rng.integers(0, 256, (3, SLOTS), np.uint8)[rng.integers(0, 3, size)]
    noise = rng.random((size, SLOTS)) < rng.choice([0.0, 0.2, 0.5], (size, 1))
    signatures[noise] = rng.integers(0, 256, int(noise.sum()), np.uint8)
    return signatures, rng.permutation(size), sorted(draw(st.sets(st.integers(0, size - 1))))


def entries_of(bands: list[int], places: list[int]) -> np.ndarray:
    """Band values over places, as ``form_band`` packs them."""
    return np.array([band << 32 | place for band, place in zip(bands, places, strict=True)], np.uint64)


def compared(
    entries: np.ndarray, signatures: banding.Signatures, least: int, strong: list[int], room: int
) -> list[tuple[int, int, int]]:
    """All edges of a band, in as many calls as the room for edges asks for."""
    edges, equal, stopped = np.zeros(room, np.uint64), np.zeros(room, np.uint8), np.zeros(1, np.int64)
    found: list[tuple[int, int, int]] = []
    while True:
        count = banding.compare_band(
            entries, int(stopped[0]), signatures, least, np.array(strong, np.int32), edges, equal, stopped
        )
        assert count <= room
        found += [
            (int(edge) >> 32, int(edge) & 0xFFFFFFFF, int(same)) for edge, same in zip(edges, equal, strict=True)
        ][:count]
        if stopped[0] == len(entries):
            return found


@QUICK
@given(st.lists(BAND, max_size=40), st.randoms())
def test_sort_is_stable_by_band(bands: list[int], chance: object) -> None:
    places = np.random.default_rng(len(bands)).permutation(len(bands)).tolist()
    entries, out = entries_of(bands, places), np.zeros(len(bands), np.uint64)
    expected = sorted(entries.tolist(), key=lambda entry: entry >> 32)
    banding.sort_band(entries, out)
    assert out.tolist() == expected


@QUICK
@given(signature_rows(), st.integers(0, banding.BANDS - 1))
def test_a_band_is_four_slots(case: tuple[np.ndarray, np.ndarray, list[int]], band: int) -> None:
    signatures, order, places = case
    entries = np.zeros(len(places), np.uint64)
    banding.form_band(banding.Signatures(signatures, order), np.array(places, np.int32), band, entries)
    slots = signatures[order, 4 * band : 4 * band + 4]
    assert entries.tolist() == [int.from_bytes(slots[place].tobytes(), "little") << 32 | place for place in places]


@QUICK
@given(signature_rows(), st.sampled_from([1, 40, 64, 100, SLOTS]), st.integers(4, 9), st.data())
def test_a_band_compares_with_the_first_rows_and_the_previous(
    case: tuple[np.ndarray, np.ndarray, list[int]], least: int, room: int, data: st.DataObject
) -> None:
    signatures, order, places = case
    bands = sorted(data.draw(st.lists(st.integers(0, 2), min_size=len(places), max_size=len(places))))
    strong = data.draw(st.lists(st.integers(0, 5), min_size=len(order), max_size=len(order)))
    entries = entries_of(bands, places)
    found = compared(entries, banding.Signatures(signatures, order), least, strong, room)
    buckets = [[place for band, place in zip(bands, places, strict=True) if band == value] for value in range(3)]
    rows = signatures[order].tolist()
    assert found == naive_families.edges(buckets, rows, least, strong, banding.HEADS)


@QUICK
@given(st.data(), st.integers(1, 12))
def test_a_forest_connects_what_its_edges_do_at_every_threshold(data: st.DataObject, size: int) -> None:
    pair = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda ends: ends[0] < ends[1])
    weights = st.sampled_from([0, 77, 78, 90, 127, 128])
    drawn = data.draw(st.lists(st.tuples(pair, weights), max_size=30)) if size > 1 else []
    edges = np.array([left << 32 | right for (left, right), _ in drawn], np.uint64)
    equal = np.array([weight for _, weight in drawn], np.uint8)
    most = min(len(edges), size)
    parents, kept, kept_equal = np.zeros(size, np.int32), np.zeros(most, np.uint64), np.zeros(most, np.uint8)
    count = banding.span(edges, equal, parents, kept, kept_equal)
    banding.flatten(parents)
    assert parents.tolist() == naive.components(size, [ends for ends, _ in drawn])
    assert count == size - len(set(parents.tolist()))
    assert kept_equal[:count].tolist() == sorted(kept_equal[:count].tolist(), reverse=True)
    for least in (0, 78, 90, 128, 129):
        found = np.zeros(size, np.int32)
        banding.connect(kept[:count], kept_equal[:count], least, found)
        assert found.tolist() == naive.components(size, [ends for ends, weight in drawn if weight >= least])


@QUICK
@given(st.data(), st.integers(1, 12))
def test_trees_flatten_to_their_root(data: st.DataObject, size: int) -> None:
    """Any forest whose parents are smaller nodes, as unions make them."""
    parents = [data.draw(st.integers(0, node)) for node in range(size)]
    flat = np.array(parents, np.int32)
    banding.flatten(flat)
    assert flat.tolist() == naive.components(size, list(enumerate(parents)))


@pytest.mark.parametrize("similarity", [0.4, 0.5, 0.7])
def test_bands_meet_as_often_as_the_theory_says(similarity: float) -> None:
    """Pairs whose slots are equal with probability s share a band with probability 1 - (1 - s^4)^32."""
    pairs, rng = 2_000, np.random.default_rng(9)
    left, right = rng.integers(0, 256, (2, pairs, SLOTS), np.uint8)
    equal = rng.random((pairs, SLOTS)) < similarity
    right[equal] = left[equal]
    places = np.arange(2 * pairs, dtype=np.int32)
    signatures = banding.Signatures(np.stack([left, right], axis=1).reshape(-1, SLOTS), np.arange(2 * pairs))
    met = np.zeros(pairs, bool)
    for band in range(banding.BANDS):
        entries, out = np.zeros(2 * pairs, np.uint64), np.zeros(2 * pairs, np.uint64)
        banding.form_band(signatures, places, band, entries)
        banding.sort_band(entries, out)
        for one, other, _ in compared(out, signatures, 1, list(range(2 * pairs)), 2 * pairs):
            met[one // 2] |= one // 2 == other // 2
    expected = 1 - (1 - similarity**4) ** banding.BANDS
    assert met.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / pairs) + 0.002)
