"""A table of fixed size that gives a call its family the moment it arrives.

Slots [0, half) hold representatives of families, slots [half, 2 half) candidates: prompts that were seen once. A prompt
is looked up through the 32 bands of its signature (``banding``), compared with the slots it finds there, and assigned
to the most alike family; a candidate that meets its like becomes a representative; anything else becomes a candidate,
and the oldest candidate goes. Representatives go by the clock algorithm. Prompts too short for a signature are looked
up by hash, in a table of their own.

A bucket is 16 entries of uint32 (tag of 12 bits, slot of 20), a cache line: the first eight lead to representatives,
the others to candidates, so that a stream of distinct prompts crowds out candidates only; and no band value holds more
than SAME_MAX of either, so that a phrase that everybody uses crowds out itself. Entries of slots that changed hands are
left where they are: what they lead to is compared like anything else.

One writer. Readers (``find``) may run meanwhile: a slot is emptied before and named after its signature is written, and
a reader that sees a slot's family change while it compares passes over it, so a torn read costs a miss.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.banding import BANDS, SLOTS_PER_BAND
from gauger.kernels.machine.jit import inline, kernel, shared
from gauger.kernels.sketches.minhash import SLOTS, matches

U64, U32 = np.uint64, np.uint32
WAYS = 8  # entries of a bucket for representatives, and as many for candidates
SAME_MAX = 4  # of them with one tag
SLOT_BITS = 20
NO_ENTRY = np.uint32(0xFFFFFFFF)
SURE = 118  # equal slots beyond which no better family is looked for
COMPARED_MAX = 48  # slots compared for one prompt
CLOCK_STEPS = 64  # slots the clock passes before it takes one that is in use
USED_MAX = 3
EMPTY, CANDIDATE = -1, 0  # in place of a family
# Counters: calls assigned to a family that was there, families started, representatives and candidates evicted.
ASSIGNED, STARTED, EVICTED, CANDIDATES_EVICTED = range(4)
COUNTERS = 4
REPRESENTATIVE_HAND, CANDIDATE_HAND = range(2)


class Calls(NamedTuple):
    """What is known of n calls' prompts."""

    signatures: np.ndarray  # uint8[n, SLOTS]
    hashes: np.ndarray  # uint64[n, 2]
    words: np.ndarray  # int32[n]


class Table(NamedTuple):
    """The table: ``half`` slots for representatives, then as many for candidates."""

    slots: np.ndarray  # uint8[2 half, SLOTS], signatures
    hashes: np.ndarray  # uint64[2 half, 2], of the prompt
    families: np.ndarray  # int64[2 half], id, CANDIDATE or EMPTY
    calls: np.ndarray  # int64[2 half]
    used: np.ndarray  # uint8[2 half], the clock's
    varied: np.ndarray  # uint8[2 half], members differ in their hash
    buckets: np.ndarray  # uint32[BANDS * 2^k, 2 WAYS]
    hands: np.ndarray  # int64[2], of the two clocks


class ExactTable(NamedTuple):
    """The table by hash. A bucket holds WAYS hashes of two words, the latest met first; the last makes room."""

    hashes: np.ndarray  # uint64[2^k, 2 WAYS]
    families: np.ndarray  # int64[2^k, WAYS]
    calls: np.ndarray  # int64[2^k, WAYS]


class Evicted(NamedTuple):
    """Representatives evicted by a batch of at most n prompts, in order; ``counters`` says how many."""

    signatures: np.ndarray  # uint8[n, SLOTS]
    hashes: np.ndarray  # uint64[n, 2]
    facts: np.ndarray  # int64[n, 3]: id, calls, varied


@inline
def band_value(signature, band):
    """The four slots of a band, uint32."""
    first = SLOTS_PER_BAND * band
    value = U32(signature[first]) | U32(signature[first + 1]) << U32(8)
    return U32(value | U32(signature[first + 2]) << U32(16) | U32(signature[first + 3]) << U32(24))


@inline
def bucket_of(buckets, band, value):
    """Row of a band value's bucket."""
    per_band = buckets.shape[0] // BANDS
    return band * per_band + np.int64(value & U32(per_band - 1))


@shared
def nearest(signature, slots, families, buckets, least):
    """The most alike slot of at least ``least`` equal slots, -1 for none; any representative before any candidate.

    Returns the slot and its family when it was compared.
    """
    half = families.size // 2
    best, best_score, best_family, last, compared = -1, 0, 0, -1, 0
    for band in range(BANDS):
        value = band_value(signature, band)
        tag = value >> U32(SLOT_BITS)
        row = buckets[bucket_of(buckets, band, value)]
        for way in range(2 * WAYS):
            entry = row[way]
            if entry >> U32(SLOT_BITS) != tag or entry == NO_ENTRY:
                continue
            slot = np.int64(entry & U32((1 << SLOT_BITS) - 1))
            family = families[slot]
            if slot in (best, last) or family == EMPTY:
                continue
            last = slot
            equal = matches(signature, slots[slot])
            compared += 1
            score = equal + (SLOTS + 1 if slot < half else 0)
            if equal >= least and score > best_score and families[slot] == family:
                best, best_score, best_family = slot, score, family
        if best_score >= SLOTS + 1 + SURE or compared >= COMPARED_MAX:
            break
    return best, best_family


@inline
def enter(buckets, signature, slot, first_way):
    """Lead to a slot from the buckets of its signature: newest first, the oldest (of the same tag) makes room."""
    for band in range(BANDS):
        value = band_value(signature, band)
        tag = value >> U32(SLOT_BITS)
        row = buckets[bucket_of(buckets, band, value)]
        place, same = first_way + WAYS - 1, 0
        for way in range(first_way, first_way + WAYS):
            if row[way] >> U32(SLOT_BITS) == tag and row[way] != NO_ENTRY:
                same += 1
                if same == SAME_MAX:
                    place = way
                    break
        while place > first_way:
            row[place] = row[place - 1]
            place -= 1
        row[first_way] = tag << U32(SLOT_BITS) | U32(slot)


@inline
def put(slots, hashes, families, buckets, slot, signature, hashed, family):
    """Give a slot to a prompt."""
    families[slot] = EMPTY
    slots[slot, :] = signature
    hashes[slot, 0], hashes[slot, 1] = hashed[0], hashed[1]
    enter(buckets, signature, slot, WAYS if slot >= families.size // 2 else 0)
    families[slot] = family


@inline
def free_representative(families, used, hands):
    """A slot for a representative, by the clock: the next that was not used since the hand came by."""
    half = families.size // 2
    for _ in range(CLOCK_STEPS):
        slot = hands[REPRESENTATIVE_HAND]
        hands[REPRESENTATIVE_HAND] = (slot + 1) % half
        if families[slot] == EMPTY or used[slot] == 0:
            return slot
        used[slot] -= np.uint8(1)
    return slot


@kernel(
    "i64(Calls(u8_in2, u64_in2, i32_in), i64_in, "
    "Table(u8_out2, u64_out2, i64_out, i64_out, u8_out, u8_out, u32_out2, i64_out), i64_out, i64_out, i64_out2, "
    "Evicted(u8_out2, u64_out2, i64_out2))"
)
def assign(batch, numbers, table, counters, found, started, evicted):
    """Family of each prompt of a batch, in order, 0 for none; prompts of too few words are passed over.

    batch : ``Calls``; numbers : int64[3], least equal slots, least words, first new family id
    table : ``Table``, updated; counters : int64[COUNTERS], added to
    found : int64[n], result; started : int64[n, 2], slot and id of families started, result
    evicted : ``Evicted``, result
    Returns the number of families started.
    """
    signatures, prompt_hashes, words = batch
    slots, hashes, families, calls, used, varied, buckets, hands = table
    evicted_signatures, evicted_hashes, facts = evicted
    half = families.size // 2
    least, words_least, next_id = numbers[0], numbers[1], numbers[2]
    starts, evictions = 0, 0
    for i in range(signatures.shape[0]):
        found[i] = 0
        if words[i] < words_least:
            continue
        slot, family = nearest(signatures[i], slots, families, buckets, least)
        if slot < 0:
            slot = half + hands[CANDIDATE_HAND]
            hands[CANDIDATE_HAND] = (hands[CANDIDATE_HAND] + 1) % half
            counters[CANDIDATES_EVICTED] += families[slot] == CANDIDATE
            put(slots, hashes, families, buckets, slot, signatures[i], prompt_hashes[i], CANDIDATE)
            calls[slot] = 1
            continue
        differs = hashes[slot, 0] != prompt_hashes[i, 0] or hashes[slot, 1] != prompt_hashes[i, 1]
        if slot >= half:
            candidate = slot
            slot = free_representative(families, used, hands)
            if families[slot] != EMPTY:
                evicted_signatures[evictions, :] = slots[slot]
                evicted_hashes[evictions, 0], evicted_hashes[evictions, 1] = hashes[slot, 0], hashes[slot, 1]
                facts[evictions, 0], facts[evictions, 1] = families[slot], calls[slot]
                facts[evictions, 2] = varied[slot]
                evictions += 1
            family = next_id + starts
            families[candidate] = EMPTY
            calls[slot], used[slot], varied[slot] = 1, 0, 0
            put(slots, hashes, families, buckets, slot, slots[candidate], hashes[candidate], family)
            started[starts, 0], started[starts, 1] = slot, family
            starts += 1
        else:
            counters[ASSIGNED] += 1
        calls[slot] += 1
        used[slot] = min(np.int64(used[slot]) + 1, USED_MAX)
        varied[slot] |= differs
        found[i] = family
    counters[STARTED] += starts
    counters[EVICTED] += evictions
    return starts


@kernel("void(u8_in2, i32_in, i64, i64, u8_in2, i64_in, u32_in2, i64_out)")
def find(signatures, words, least, words_least, slots, families, buckets, found):
    """Family of each prompt, 0 for none, and nothing written but ``found``.

    signatures, words : as in ``Calls``; least, words_least : equal slots and words from which a prompt has a family
    slots, families, buckets : as in ``Table``
    """
    for i in range(signatures.shape[0]):
        found[i] = 0
        if words[i] >= words_least:
            slot, family = nearest(signatures[i], slots, families, buckets, least)
            if slot >= 0 and family > 0:
                found[i] = family


@kernel(
    "i64(u64_in2, i64_in, ExactTable(u64_out2, i64_out2, i64_out2), i64_out, i64_out, i64_out2, "
    "Evicted(u8_out2, u64_out2, i64_out2))"
)
def assign_exact(prompt_hashes, numbers, table, counters, found, started, evicted):
    """Family of each prompt by its hash, 0 when it is seen for the first time.

    prompt_hashes : uint64[n, 2]; numbers, counters, found : as in ``assign``; table : ``ExactTable``, updated
    started : int64[n, 2], row and id of families started; evicted : ``Evicted``, signatures left as they are
    """
    hashes, families, calls = table
    evicted_hashes, facts = evicted.hashes, evicted.facts
    next_id, starts, evictions = numbers[2], 0, 0
    for i in range(prompt_hashes.shape[0]):
        first, second = prompt_hashes[i, 0], prompt_hashes[i, 1]
        bucket = np.int64(first & U64(hashes.shape[0] - 1))
        place = 0
        while place < WAYS - 1 and families[bucket, place] != EMPTY:
            if hashes[bucket, 2 * place] == first and hashes[bucket, 2 * place + 1] == second:
                break
            place += 1
        known = families[bucket, place] != EMPTY and hashes[bucket, 2 * place] == first
        known = known and hashes[bucket, 2 * place + 1] == second
        family, count = families[bucket, place], calls[bucket, place]
        if not known:
            if family > 0:
                evicted_hashes[evictions, 0] = hashes[bucket, 2 * place]
                evicted_hashes[evictions, 1] = hashes[bucket, 2 * place + 1]
                facts[evictions, 0], facts[evictions, 1], facts[evictions, 2] = family, count, 0
                evictions += 1
            counters[CANDIDATES_EVICTED] += family == CANDIDATE
            family, count = CANDIDATE, 0
        elif family == CANDIDATE:
            family = next_id + starts
            started[starts, 0], started[starts, 1] = i, family
            starts += 1
        else:
            counters[ASSIGNED] += 1
        while place > 0:  # the others move down, this one comes first
            families[bucket, place], calls[bucket, place] = families[bucket, place - 1], calls[bucket, place - 1]
            hashes[bucket, 2 * place] = hashes[bucket, 2 * place - 2]
            hashes[bucket, 2 * place + 1] = hashes[bucket, 2 * place - 1]
            place -= 1
        hashes[bucket, 0], hashes[bucket, 1] = first, second
        families[bucket, 0], calls[bucket, 0] = family, count + 1
        found[i] = family
    counters[STARTED] += starts
    counters[EVICTED] += evictions
    return starts


@kernel("void(u64_in2, u64_in2, i64_in2, i64_out)")
def find_exact(prompt_hashes, hashes, families, found):
    """Family of each prompt by its hash, 0 for none, and nothing written but ``found``.

    prompt_hashes : uint64[n, 2]; hashes, families : as in ``ExactTable``; found : int64[n]
    """
    for i in range(prompt_hashes.shape[0]):
        found[i] = 0
        bucket = np.int64(prompt_hashes[i, 0] & U64(hashes.shape[0] - 1))
        for place in range(WAYS):
            family = families[bucket, place]
            same = hashes[bucket, 2 * place] == prompt_hashes[i, 0]
            if same and hashes[bucket, 2 * place + 1] == prompt_hashes[i, 1] and family > 0:
                if families[bucket, place] == family:
                    found[i] = family
                break
