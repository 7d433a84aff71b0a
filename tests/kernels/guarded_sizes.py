"""Every kernel that reads Arrow buffers or hashes, on inputs of every size: the same in guarded memory as in ordinary.

Not collected by itself: ``test_machine_guarded`` has it run by ``tests.kernels.guarded``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gauger.kernels.accounts import accumulate
from gauger.kernels.sketches import countmin, hyperloglog, minhash
from gauger.kernels.text import shingles, siphash, texts
from gauger.kernels.text.features import FEATURES
from tests.kernels.guarded import unguarded
from tests.kernels.passes import run_ids, run_text
from tests.kernels.strategies import KEY

SIZES = [*range(201), 255, 256, 257, 511, 512, 513, 1499, 1500, 1501, 4095, 4096, 4097]
FILLERS = {
    "words": b"Some words, here and there; 12 of THEM I think. ",
    "one letter": b"x",
    "letters apart": b"a ",
    "separators": b" \n.,",
    "digits": b"0123456789",
    "two bytes": "éèü".encode(),
    "three bytes": "日本語".encode(),
    "four bytes": "\U00020000\U0001f600".encode(),
    "leads": b"\xf0",  # sequences that promise more bytes than there are
    "addresses": b"2001:db8::1%eth0 10.0.0.1",
}
Run = Callable[[np.ndarray, np.ndarray], list[bytes]]


def _filled(filler: bytes, size: int) -> np.ndarray:
    return np.frombuffer((filler * (size // len(filler) + 1))[:size], np.uint8)


def _words(values: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    word_offsets, out = np.zeros(len(offsets), np.int64), np.zeros(len(values) // 2 + len(offsets), np.uint64)
    texts.hash_words_of(values, offsets, KEY, word_offsets, out)
    return [word_offsets.tobytes(), out[: word_offsets[-1]].tobytes()]


def _hashed(values: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    strings, prefixes = (np.zeros(len(offsets) - 1, np.uint64) for _ in range(2))
    siphash.hash_strings(1, 2, values, offsets, strings)
    accumulate.hash_prefixes(1, 2, values, offsets, prefixes)
    return [strings.tobytes(), prefixes.tobytes()]


def _text(values: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    return run_text(values, offsets).state()


def _same(run: Run, values: np.ndarray, offsets: list[int]) -> None:
    places = np.array(offsets, np.int64)
    with unguarded():
        expected = run(values, places)
    assert run(values, places) == expected, (len(values), offsets)


@pytest.mark.parametrize("run", [_text, _words, _hashed])
@pytest.mark.parametrize("filler", [*FILLERS.values()], ids=[*FILLERS])
def test_bytes(filler: bytes, run: Run) -> None:
    for size in SIZES:
        values = _filled(filler, size)
        _same(run, values, [0, size])
        if size % 7 == 0:
            _same(run, values, [0, size // 3, size // 3, size, size])


def test_token_ids() -> None:
    for size in SIZES:
        values = np.arange(size, dtype=np.int32) * 77 - 1000
        for offsets in ([0, size], [0, size // 3, size // 3, size, size]):
            _same(lambda ids, places: run_ids(ids, places).state(), values, offsets)


def _sketches(hashes: np.ndarray, _: np.ndarray) -> list[bytes]:
    counts, registers = np.zeros((2, 64), np.uint32), np.zeros(1 << 6, np.uint8)
    seen, out = np.zeros(len(hashes), np.uint32), np.zeros(len(hashes), np.uint64)
    countmin.add_many(counts, hashes, KEY)
    countmin.query_many(counts, hashes, KEY, seen)
    hyperloglog.update_many(registers, 6, hashes)
    siphash.hash_words(1, 2, hashes, out)
    signatures = np.zeros((1, minhash.SLOTS), np.uint32)
    minhash.sign_sets(hashes, np.array([0, len(hashes)], np.int64), KEY, signatures)
    shingled = shingles.shingle_rows(hashes[: len(hashes) // 3 * 3].reshape(-1, 3), KEY)
    return [array.tobytes() for array in (counts, registers, seen, out, signatures, shingled)]


def test_sketches() -> None:
    generator = np.random.default_rng(3)
    for size in SIZES:
        _same(_sketches, generator.integers(0, 1 << 64, size, np.uint64), [0])


def _identities(rows: np.ndarray, _: np.ndarray) -> list[bytes]:
    out = np.zeros(len(rows), np.uint64)
    prompts = np.zeros((len(rows), 2), np.uint64)
    numbers = np.arange(len(rows))
    accumulate.call_identities(1, 2, prompts, numbers.astype(np.uint64), numbers, rows, out)
    return [out.tobytes()]


def test_call_identities() -> None:
    for size in (0, 1, 2, 3, 7, 8, 9, 100):
        _same(_identities, np.full((size, FEATURES), 5, np.int8), [0])
