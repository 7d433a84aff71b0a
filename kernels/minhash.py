"""MinHash signatures by fast similarity sketching.

Source: Dahlgaard, Knudsen and Thorup, "Fast similarity sketching", FOCS 2017. Round r of 2 K throws every element
into a slot (a hashed one in the first K rounds, slot r - K in the last K) with a value in [r, r + 1); a slot keeps its
least value, and rounds end when every slot is filled, because later values are larger. Each slot is an unbiased
indicator of equality with probability J, as in Broder's MinHash, with a smaller variance, and a set costs about
K ln K hashes instead of K per element. The slot-wise minimum of two signatures is the signature of the union.

A slot is uint32: the round in the top 8 bits, 24 hashed bits below. The low 8 bits alone are the b-bit signature (Li
and Koenig, "b-Bit minwise hashing", WWW 2010) that families keep: P(equal) = J + (1 - J) / 256.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels import keys
from gauger.kernels.jit import i64, i64_in, inline, kernel, u8_in, u32_out2, u64_in, void
from gauger.kernels.machine import fold_multiply, mix

U64, U32 = np.uint64, np.uint32
SLOTS = 128
EMPTY = np.uint32(0xFFFFFFFF)


@inline
def is_full(slots):
    """Whether every slot holds a value."""
    largest = U32(0)
    for j in range(SLOTS):
        largest = max(largest, slots[j])
    return largest != EMPTY


@inline
def lower(slots, slot, value):
    """Put ``value`` into a slot unless a smaller one is there. No branch: which of the two it is cannot be foreseen."""
    slots[slot] = min(slots[slot], value)


@inline
def round_key(turn, multiplier, mixer):
    """What blinds the elements in a round and the next.

    Mixed twice: with a mere multiple of the turn, a small set's values were an arithmetic progression over the rounds,
    and for one key in twenty its error was 1.7 times theory.
    """
    return mix(mix(U64(turn + 1) * multiplier, mixer), multiplier)


@inline
def sign(elements, count, key, slots):
    """Signature of ``count`` uint64 set elements into uint32[SLOTS]; an empty set leaves every slot EMPTY.

    A 64-bit hash serves two rounds, 7 bits of slot and 24 of value each. Rounds beyond the one that fills the last slot
    change nothing, so going two at a time gives the same slots.
    """
    for j in range(SLOTS):
        slots[j] = EMPTY
    if count == 0:
        return
    multiplier, mixer = key[keys.SIGNATURE], key[keys.SIGNATURE + 1]
    for turn in range(0, SLOTS, 2):
        blind = round_key(turn, multiplier, mixer)
        even, odd = U64(turn << 24), U64((turn + 1) << 24)
        for i in range(count):
            hashed = fold_multiply(elements[i] ^ blind, mixer)
            lower(slots, hashed >> U64(57), U32(even | ((hashed >> U64(32)) & U64(0xFFFFFF))))
            lower(slots, (hashed >> U64(25)) & U64(127), U32(odd | (hashed & U64(0xFFFFFF))))
        if is_full(slots):
            return
    for turn in range(0, SLOTS, 2):
        blind = round_key(turn + SLOTS, multiplier, mixer)
        even, odd = U64((turn + SLOTS) << 24), U64((turn + 1 + SLOTS) << 24)
        for i in range(count):
            hashed = fold_multiply(elements[i] ^ blind, mixer)
            lower(slots, turn, U32(even | ((hashed >> U64(32)) & U64(0xFFFFFF))))
            lower(slots, turn + 1, U32(odd | (hashed & U64(0xFFFFFF))))
        if is_full(slots):
            return


@inline
def matches(left, right):
    """Number of equal slots of two rows."""
    equal = 0
    for j in range(SLOTS):
        equal += np.int64(left[j] == right[j])
    return equal


@kernel(void(u64_in, i64_in, u64_in, u32_out2))
def sign_sets(elements, offsets, key, out):
    """Signature of each set ``elements[offsets[i]:offsets[i + 1]]``. out : uint32[n, SLOTS]."""
    for i in range(offsets.size - 1):
        sign(elements[offsets[i] : offsets[i + 1]], offsets[i + 1] - offsets[i], key, out[i])


@kernel(i64(u8_in, u8_in))
def count_matches(left, right):
    """Equal slots of two b-bit signatures, uint8[SLOTS] each."""
    return matches(left, right)


def jaccard(equal: float, slots: int = SLOTS, bits: int = 8) -> float:
    """Unbiased Jaccard similarity from the number of equal b-bit slots (Li and Koenig 2010, eq. 5, large sets)."""
    chance = 2.0**-bits
    return max(0.0, (equal / slots - chance) / (1.0 - chance))


def equal_slots_at(similarity: float, slots: int = SLOTS, bits: int = 8) -> int:
    """Number of equal slots expected at a Jaccard similarity, rounded down: a threshold for verification."""
    chance = 2.0**-bits
    return int((similarity * (1.0 - chance) + chance) * slots)
