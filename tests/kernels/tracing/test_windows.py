"""Token windows beside their twins: a set and Python's own slices."""

from collections.abc import Sequence

import numpy as np
import pytest

from gauger.kernels.tracing.windows import add_contexts, candidate_values, new_windows
from tests.kernels.naive import siphash

KEY = np.array([0x0706050403020100, 0x0F0E0D0C0B0A0908], np.uint64)
TEXTS = [[1, 2, 3, 1, 2, 3, 1, 2], [], [5], [1, 2], [1, 2, 3], [7, -1, 2**31 - 1, 7], [1, 2, 4, 1, 2]]


def value(tokens: Sequence[int]) -> int:
    return siphash(*KEY.tolist(), np.array(tokens, "<i4").tobytes())[0]


def naive_windows(texts: list[list[int]], width: int, served: list[list[int]] | None) -> list[int]:
    known = {tuple(text[at : at + width]) for text in served or [] for at in range(len(text) - width)}
    found: dict[tuple[int, ...], None] = {}
    for text in texts:
        for at in range(width, len(text)):
            window = tuple(text[at - width : at + 1])
            if served is None or window[:-1] in known:
                found.setdefault(window)
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
    count = new_windows(tokens, offsets, width, KEY, contexts, np.zeros(64, np.uint64), out)
    return out[:count].tolist()


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("served", [None, [], [[1, 2, 3, 9], [4, 1, 2]], TEXTS])
def test_windows_are_those_of_the_twin(width: int, served: list[list[int]] | None) -> None:
    assert windows(TEXTS, width, served) == naive_windows(TEXTS, width, served)


def test_the_table_keeps_what_was_met_in_earlier_texts() -> None:
    tokens, offsets = flat(TEXTS)
    table, out = np.zeros(64, np.uint64), np.empty(len(tokens), np.uint64)
    nothing = np.zeros(0, np.uint64)
    first = new_windows(tokens, offsets, 2, KEY, nothing, table, out)
    assert first > 0
    assert new_windows(tokens, offsets, 2, KEY, nothing, table, out) == 0


def test_random_tokens_in_a_table_half_full() -> None:
    random = np.random.default_rng(1)
    texts = [random.integers(0, 6, random.integers(0, 40)).tolist() for _ in range(30)]
    tokens, offsets = flat(texts)
    expected = naive_windows(texts, 2, None)
    size = 1 << (2 * len(expected) - 1).bit_length()
    out = np.empty(len(tokens), np.uint64)
    count = new_windows(tokens, offsets, 2, KEY, np.zeros(0, np.uint64), np.zeros(size, np.uint64), out)
    assert out[:count].tolist() == expected


@pytest.mark.parametrize("context", [[], [4], [4, 5, 6]])
def test_a_sampler_sees_the_values_that_are_scored(context: list[int]) -> None:
    candidates = np.array([0, 1, 2, 70_000], np.int32)
    out = np.empty(4, np.uint64)
    candidate_values(np.array(context, np.int32), candidates, KEY, out)
    assert out.tolist() == [value([*context, token]) for token in candidates.tolist()]
