"""The gram store: what is appended is read back, whatever was flushed when."""

import itertools

import numpy as np
import pytest

from gauger.engine.state import grams
from gauger.engine.state.grams import GramStore


@pytest.mark.parametrize("buffered", [0, 5, 1 << 22])
def test_what_is_appended_is_read_back(monkeypatch: pytest.MonkeyPatch, buffered: int) -> None:
    monkeypatch.setattr(grams, "_BUFFERED", buffered)
    random = np.random.default_rng(1)
    sizes = random.integers(0, 6, 40)
    values = random.integers(0, 2**32, sizes.sum(), np.uint32)
    store = GramStore()
    for part in np.split(values, np.cumsum(sizes)[:-1]):
        store.append(part)
    assert len(store) == len(values)
    np.testing.assert_array_equal(store.read(0, len(store)), values)
    np.testing.assert_array_equal(store.read(3, 11), values[3:11])
    for rows in (1, 7, 100):
        seen = []
        for first, offsets, found in store.slices(sizes, rows):
            assert first == len(seen)
            seen += [found[low:high].tolist() for low, high in itertools.pairwise(offsets)]
        assert seen == [part.tolist() for part in np.split(values, np.cumsum(sizes)[:-1])]


def test_many_grams_at_once_keep_their_place_among_few() -> None:
    parts = [np.arange(size, dtype=np.uint32) for size in (3, grams._BUFFERED + 5, 0, 2, grams._BUFFERED)]
    store = GramStore()
    for part in parts:
        store.append(part)
    np.testing.assert_array_equal(store.read(0, len(store)), np.concatenate(parts))


def test_an_appended_array_may_change_afterwards() -> None:
    store, values = GramStore(), np.arange(4, dtype=np.uint32)
    store.append(values)
    values[:] = 9
    assert store.read(0, 4).tolist() == [0, 1, 2, 3]
