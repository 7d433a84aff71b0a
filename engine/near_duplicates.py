"""Near-duplicate families: distinct prompts whose word 3-shingles overlap."""

from __future__ import annotations

import numpy as np

from gauger.kernels import banding, minhash

WORDS_MIN = 4  # fewer words make one or two shingles: too little to be "nearly" the same
CHAIN_SIMILARITY = 0.4  # a member less like its representative than this was only reached through others


def near_duplicates(signatures: np.ndarray, words: np.ndarray, similarity: float) -> np.ndarray:
    """Representative row of each prompt (itself when it has no near-duplicate), int32[n].

    signatures : uint8[n, SLOTS] in canonical order, so that a family's least row is the same for any order
    words : int32[n]; similarity : Jaccard similarity that joins two prompts
    """
    parents = np.arange(len(signatures), dtype=np.int32)
    eligible = np.flatnonzero(words >= WORDS_MIN).astype(np.int32)
    least = minhash.equal_slots_at(similarity)
    bands = np.ascontiguousarray(signatures).view(np.uint32)
    spare_keys, spare_rows = np.empty(len(eligible), np.uint32), np.empty(len(eligible), np.int32)
    for band in range(banding.BANDS):
        rows, keys = eligible.copy(), np.empty(len(eligible), np.uint32)
        banding.sort_band(np.ascontiguousarray(bands[:, band]), rows, keys, spare_keys, spare_rows)
        banding.join_band(keys, rows, signatures, least, parents)
    banding.flatten(parents)
    near = np.empty(len(parents), np.uint8)
    banding.near_root(parents, signatures, minhash.equal_slots_at(CHAIN_SIMILARITY), near)
    return np.where(near == 1, parents, np.arange(len(parents), dtype=np.int32))
