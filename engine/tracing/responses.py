"""Responses in sketches: of each, keyed hashes of some five-word sequences, so that later outputs can be compared.

A sketch is the 16 smallest 32-bit hashes of a response's sequences, 64 bytes (bottom-k: Broder 1997; Bar-Yossef et al.
2002). Which sequences are kept depends on their hashes alone, so the share of them that a suspect's outputs contain
estimates the share of all (Broder's containment), without bias.

It is a lead and no proof. Models say the same to the same questions, so a clean model contains sequences, too; what a
finding's responses have is only to be read beside those of matched controls, and who is matched is a choice. Surrogates
show where it tells something (``docs/tracing.md``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_words
from gauger.kernels.machine import keys

WORDS, KEPT = 5, 16
SKETCH_BYTES = 4 * KEPT
_EMPTY = np.uint32(0xFFFFFFFF)  # no hash has it


def grams(key: np.ndarray, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all five-word sequences, uint32[m], and where those of each text begin, int64[n + 1].

    key : of a secret
    """
    words, offsets = hash_words(key, list(texts))
    lengths = np.maximum(np.diff(offsets) - WORDS + 1, 0)
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    places = np.arange(begins[-1]) + np.repeat(offsets[:-1] - begins[:-1], lengths)
    mixed = np.zeros(len(places), np.uint64)
    for step in range(WORDS):
        mixed = (mixed ^ words[places + step]) * key[keys.SHINGLE + step % 3]
        mixed ^= mixed >> np.uint64(29)
    return np.minimum((mixed >> np.uint64(32)).astype(np.uint32), _EMPTY - np.uint32(1)), begins


def sketches(key: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """The sketch of each text; uint32[n, 16], those of short texts filled up with 0xFFFFFFFF."""
    hashes, begins = grams(key, texts)
    found = np.full((len(texts), KEPT), _EMPTY)
    for row in range(len(texts)):
        least = np.unique(hashes[begins[row] : begins[row + 1]])[:KEPT]
        found[row, : len(least)] = least
    return found


def matched(members: pa.Table, others: pa.Table) -> list[str]:
    """As many other accounts as there are members, each with about as many calls; the same in any order of rows.

    members, others : account_id, calls
    """

    def sorted_by_calls(table: pa.Table) -> list[tuple[int, str]]:
        return sorted(zip(table["calls"].to_pylist(), table["account_id"].to_pylist(), strict=True))

    free = sorted_by_calls(others)
    found = []
    for calls, _ in sorted_by_calls(members)[::-1]:  # the busiest first: they have the fewest likes
        place = bisect_left(free, (calls, ""))
        near = [one for one in (place - 1, place) if 0 <= one < len(free)]
        if near:
            found.append(free.pop(min(near, key=lambda one: abs(free[one][0] - calls)))[1])
    return found


@dataclass(frozen=True)
class Lead:
    """What outputs contain of responses: of a finding, and of its controls."""

    outputs: int
    members: int  # accounts
    controls: int
    member_share: float  # of sequences that the outputs contain, mean over accounts; NaN without any
    control_share: float
    above: float  # probability that a member's share is above a control's, ties half (Mann and Whitney 1947)


def compare(
    found: np.ndarray, accounts: Sequence[bytes], is_member: np.ndarray, said: np.ndarray, outputs: int
) -> Lead:
    """Hold responses against outputs.

    found : sketches, uint32[n, 16]; accounts : whose each is; is_member : bool[n]; said : hashes of the outputs,
    uint32; outputs : how many they are
    """
    kept = found != _EMPTY
    contained = np.isin(found, said) & kept
    names, owner = np.unique(np.array(accounts, object), return_inverse=True)
    sizes = np.bincount(owner, kept.sum(axis=1), len(names))
    shares = np.bincount(owner, contained.sum(axis=1), len(names)) / np.where(sizes > 0, sizes, np.nan)
    member = np.bincount(owner, is_member, len(names)) > 0
    ours, theirs = (side[~np.isnan(side)] for side in (shares[member], shares[~member]))
    difference = np.sign(ours[:, None] - theirs[None, :])
    return Lead(
        outputs=outputs,
        members=len(ours),
        controls=len(theirs),
        member_share=_mean(ours),
        control_share=_mean(theirs),
        above=_mean((difference + 1) / 2),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
