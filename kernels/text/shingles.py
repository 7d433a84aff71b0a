"""Shingles: hashes of three words in a row (Broder, "On the resemblance and containment of documents", 1997)."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import mix

U64 = np.uint64
WIDTH = 3


@inline
def shingle(hashes, count, key, out):
    """Write the shingle hashes of ``count`` word hashes; returns how many (max(1, count - 2), or 0 for no words).

    A prompt of one or two words has one shingle, of all it has.
    """
    if count == 0:
        return 0
    a, b, c, mixer = key[keys.SHINGLE], key[keys.SHINGLE + 1], key[keys.SHINGLE + 2], key[keys.SHINGLE + 3]
    if count < WIDTH:
        out[0] = mix(hashes[0] * a + (hashes[1] * b if count > 1 else U64(0)) + U64(count), mixer)
        return 1
    second, third, found = hashes[1:], hashes[2:], out[: count - WIDTH + 1]  # see ``grams.write_run``
    for i in range(found.size):
        found[i] = mix(hashes[i] * a + second[i] * b + third[i] * c, mixer)
    return count - WIDTH + 1


@kernel("void(u64_in2, u64_in, u64_out)")
def shingle_each(words, key, out):
    """The one shingle of each row. words : uint64[n, WIDTH], hashes; key : uint64[KEY_WORDS]; out : uint64[n]."""
    single = np.empty(1, np.uint64)
    for i in range(words.shape[0]):
        shingle(words[i], WIDTH, key, single)
        out[i] = single[0]


def shingle_rows(words: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Shingle hash of each row of uint64[n, WIDTH] word hashes; uint64[n]."""
    out = np.empty(len(words), np.uint64)
    shingle_each(np.ascontiguousarray(words), key, out)
    return out
