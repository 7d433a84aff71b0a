"""The lottery of canaries: pairs of words in slots, one pair of each slot served and the others decoys.

Everything follows from a seed and a list of words, so that whoever is given both can draw again and compare:

    stream(label) = SHAKE-256(seed, label), cut into big-endian words of 64 bits, x -> x * n >> 64 for 0 .. n - 1

    pairs  : of stream "words", two numbers each, n = number of words; a pair of one word twice and one that was drawn
             before are left out; the next ``candidates`` are those of a slot
    listed : in place of that, from a list of pairs: a number of stream "listed" for each, as it is; those with the
             smallest numbers, in that order, fill the slots
    served : of stream "served", a number a slot, n = candidates

A number is off a uniform one by less than n / 2^64. So, whatever words were chosen, each pair of a slot is the served
one with the same probability, and slots are independent: the randomisation on which ``canaries.weigh`` rests (Fisher,
"The Design of Experiments", 1935, section 21).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b, shake_256

import numpy as np

SEED_BYTES = 32
SLOTS, CANDIDATES = 200, 1_024
SLOTS_MAX, CANDIDATES_MAX = 10_000, 4_096
WORDS_MIN, WORDS_MAX = 500, 100_000  # fewer make pairs that honest text has
LISTED_MAX = 2_000_000  # pairs of a list
_FILLED_MAX = 0.5  # of all pairs that there are; beyond, drawing without repeats would take long


@dataclass(frozen=True)
class Lot:
    """What was drawn. pairs : int64[slots, candidates, 2], numbers of words; served : int64[slots], places of them."""

    pairs: np.ndarray
    served: np.ndarray

    @property
    def served_pairs(self) -> np.ndarray:
        """The pairs that are served; int64[slots, 2]."""
        return self.pairs[np.arange(len(self.served)), self.served]


def draw(seed: bytes, words: int, slots: int = SLOTS, candidates: int = CANDIDATES) -> Lot:
    """Draw. words : how many there are. Raises ValueError for sizes beyond the limits above."""
    _check(seed, slots, candidates)
    if not WORDS_MIN <= words <= WORDS_MAX:
        raise ValueError(f"a lottery takes {WORDS_MIN:,} to {WORDS_MAX:,} words, not {words:,}")
    needed = slots * candidates
    if needed > _FILLED_MAX * words * (words - 1):
        raise ValueError(f"{words:,} words make too few pairs for {slots:,} slots of {candidates:,}")
    drawn = needed + needed // 8 + 64
    while True:
        pairs = _numbers(seed, b"words", 2 * drawn, words).reshape(-1, 2)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        firsts = np.sort(np.unique(pairs @ np.array([words, 1]), return_index=True)[1])
        if len(firsts) >= needed:
            served = _numbers(seed, b"served", slots, candidates)
            return Lot(pairs[firsts[:needed]].reshape(slots, candidates, 2), served)
        drawn *= 2  # the longer stream begins with the shorter one


def draw_listed(seed: bytes, pairs: np.ndarray, slots: int, candidates: int) -> Lot:
    """Draw from a list. pairs : int64[n, 2], all different. Raises ValueError as ``draw``."""
    _check(seed, slots, candidates)
    if not slots * candidates <= len(pairs) <= LISTED_MAX:
        raise ValueError(f"{len(pairs):,} listed pairs are too few or too many for {slots:,} slots of {candidates:,}")
    numbers = _stream(seed, b"listed", len(pairs))
    chosen = np.argsort(numbers, kind="stable")[: slots * candidates]
    return Lot(pairs[chosen].reshape(slots, candidates, 2), _numbers(seed, b"served", slots, candidates))


def _check(seed: bytes, slots: int, candidates: int) -> None:
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes")
    if not (1 <= slots <= SLOTS_MAX and 2 <= candidates <= CANDIDATES_MAX):
        raise ValueError(f"a lottery has 1 to {SLOTS_MAX:,} slots of 2 to {CANDIDATES_MAX:,} candidates")


def slot_of(seed: bytes, response_id: str, slots: int) -> int:
    """The slot whose served pair a response carries: a keyed hash of its id, so that it can be told again."""
    digest = blake2b(response_id.encode("utf-8", "surrogatepass"), key=seed, person=b"canary slot", digest_size=8)
    return int.from_bytes(digest.digest(), "big") * slots >> 64


def _numbers(seed: bytes, label: bytes, count: int, below: int) -> np.ndarray:
    """``count`` numbers of a stream, int64 in 0 .. below - 1; below < 2^32."""
    words = _stream(seed, label, count)
    # x * n >> 64 in two halves, as NumPy has no 128 bits
    high, low, n = words >> np.uint64(32), words & np.uint64(0xFFFFFFFF), np.uint64(below)
    return ((high * n + ((low * n) >> np.uint64(32))) >> np.uint64(32)).astype(np.int64)


def _stream(seed: bytes, label: bytes, count: int) -> np.ndarray:
    return np.frombuffer(shake_256(seed + label).digest(8 * count), ">u8").astype(np.uint64)
