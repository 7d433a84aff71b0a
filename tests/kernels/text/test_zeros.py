"""Bytes without their zeros: a plain loop is the oracle, and what is cut or made up does no harm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.text.zeros import BLOCK, drop_zeros, restore_zeros, room
from tests.kernels.strategies import QUICK

MOSTLY_ZEROS = st.lists(st.sampled_from([0, 0, 0, 1, 7, 255]), max_size=70)


def naive(values: list[int]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        found.append(sum(1 << place for place, value in enumerate(block) if value))
        found += [value for value in block if value]
    return found


def dropped(values: list[int]) -> np.ndarray:
    out = np.full(room(len(values)), 99, np.uint8)
    return out[: drop_zeros(np.asarray(values, np.uint8), out)].copy()


@QUICK
@given(MOSTLY_ZEROS)
def test_what_is_dropped_is_restored(values: list[int]) -> None:
    data = dropped(values)
    assert data.tolist() == naive(values)
    found = np.full(len(values), 99, np.uint8)
    assert restore_zeros(data, found) == len(data)
    assert found.tolist() == values


@QUICK
@given(st.lists(st.integers(1, 255), min_size=1, max_size=40))
def test_bytes_without_zeros_fit_too(values: list[int]) -> None:
    assert len(dropped(values)) == room(len(values)) - 1


@QUICK
@given(MOSTLY_ZEROS.filter(bool), st.data())
def test_cut_data_is_told(values: list[int], data: st.DataObject) -> None:
    whole = dropped(values)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert restore_zeros(cut, np.zeros(len(values), np.uint8)) == -1


@pytest.mark.parametrize("size", [0, 1, 8, 9, 400])
def test_noise_reads_nothing_beyond_its_end(size: int) -> None:
    """The suite runs this once more with inaccessible pages beside every array."""
    noise = np.random.default_rng(size).integers(0, 256, size).astype(np.uint8)
    for wanted in (1, 8, 100, 1_000):
        used = restore_zeros(noise, np.zeros(wanted, np.uint8))
        assert used == -1 or 0 < used <= size
