"""Token windows beside their twins: a set and Python's own slices."""

from collections.abc import Sequence

import numpy as np
import pytest

from gauger.kernels.tracing.windows import add_contexts, candidate_values, distinct, window_values
from tests.kernels.naive import siphash

KEY = np.array([0x0706050403020100, 0x0F0E0D0C0B0A0908], np.uint64)
TEXTS = [[1, 2, 3, 1, 2, 3, 1, 2], [], [5], [1, 2], [1, 2, 3], [7, -1, 2**31 - 1, 7], [1, 2, 4, 1, 2]]


def value(tokens: Sequence[int]) -> int:
    return siphash(*KEY.tolist(), np.array(tokens, "<i4").tobytes())[0]


def naive_windows(texts: list[list[int]], width: int, served: list[list[int]] | None) -> list[int]:
    known = {tuple(text[at : at + width]) for text in served or [] for at in range(len(text) - width)}
    found = []
    for text in texts:
        for at in range(width, len(text)):
            window = tuple(text[at - width : at + 1])
            if served is None or window[:-1] in known:
                found.append(window)
    return [value(window) for window in found]


def flat(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return np.array([token for text in texts for token in text], np.int32), offsets


def windows(texts: list[list[int]], width: int, served: list[list[int]] | None) -> list[int]:
    contexts = np.zeros(0, np.uint64)
    if served is not None:
        contexts = np.zeros(64, np.uint64)
        new = add_contexts(*flat(served), width, KEY, contexts)
        known = {value(text[at : at + width]) for text in served for at in range(len(text) - width)}
        assert new == len(known)
        assert set(contexts[contexts != 0].tolist()) == known
    tokens, offsets = flat(texts)
    out = np.empty(len(tokens), np.uint64)
    count = window_values(tokens, offsets, width, KEY, contexts, out)
    return out[:count].tolist()


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("served", [None, [], [[1, 2, 3, 9], [4, 1, 2]], TEXTS])
def test_windows_are_those_of_the_twin(width: int, served: list[list[int]] | None) -> None:
    assert windows(TEXTS, width, served) == naive_windows(TEXTS, width, served)


@pytest.mark.parametrize("bits", [1, 2, 7])
@pytest.mark.parametrize("number", [0, 1, 50, 3_000])
def test_values_are_given_once(bits: int, number: int) -> None:
    values = np.random.default_rng(number).integers(1, 2**64, max(1, number // 3), np.uint64, endpoint=False)
    values = np.resize(values, number) if number else values[:0]
    values[: number // 4] |= np.uint64(1 << 63)  # parts of unequal size
    out = np.empty(number, np.uint64)
    count = distinct(values, bits, out)
    assert sorted(out[:count].tolist()) == sorted(set(values.tolist()))


@pytest.mark.parametrize("context", [[], [4], [4, 5, 6]])
def test_a_sampler_sees_the_values_that_are_scored(context: list[int]) -> None:
    candidates = np.array([0, 1, 2, 70_000], np.int32)
    out = np.empty(4, np.uint64)
    candidate_values(np.array(context, np.int32), candidates, KEY, out)
    assert out.tolist() == [value([*context, token]) for token in candidates.tolist()]
