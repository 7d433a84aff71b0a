"""Folding a batch's measures into rows of per-account sketches."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import fold_multiply, load8, load64
from gauger.kernels.text.features import FEATURES
from gauger.kernels.text.siphash import hash_bytes, hash_word, tail_word

U64 = np.uint64


@kernel("void(i64_in, i8_in2, i32_out2, i64_out)")
def add_features(rows, features, sums, squares):
    """sums[rows[i]] += features[i]; squares[rows[i]] += |features[i]|^2; rows < 0 are skipped. sums : int32[m, d]."""
    for i in range(rows.size):
        row = rows[i]
        if row < 0:
            continue
        total = np.int64(0)
        for j in range(FEATURES):
            value = np.int32(features[i, j])
            sums[row, j] += value
            total += np.int64(value * value)
        squares[row] += total


@kernel("void(i64_in, u8_in, i8_in2, i32_out2)")
def add_weighted_features(rows, weights, features, sums):
    """sums[rows[i]] += weights[i] features[i]; sums : int32[m, d]."""
    for i in range(rows.size):
        row, weight = rows[i], np.int32(weights[i])
        for j in range(FEATURES):
            sums[row, j] += weight * np.int32(features[i, j])


@kernel("void(i64_in, i64_in, i64_out, i64_out, i64_out)")
def add_times(rows, times, counts, first, last):
    """counts[rows[i]] += 1, with the first and last of ``times`` of each row (one with a count of 0 has none yet)."""
    for i in range(rows.size):
        row = rows[i]
        if counts[row] == 0 or times[i] < first[row]:
            first[row] = times[i]
        if counts[row] == 0 or times[i] > last[row]:
            last[row] = times[i]
        counts[row] += 1


@kernel("void(i64_in, i64_in, u32_out2)")
def add_bins(rows, bins, histogram):
    """histogram[rows[i], bins[i]] += 1."""
    for i in range(rows.size):
        histogram[rows[i], bins[i]] += np.uint32(1)


@kernel("void(i64_in, i64_in, u8_in, i64_out2)")
def add_moments(rows, values, valid, moments):
    """Add values[i], where it is valid, to its row of ``rows``. moments : int64[m, 3], count, sum, sum of squares."""
    for i in range(rows.size):
        if valid[i]:
            moments[rows[i], 0] += 1
            moments[rows[i], 1] += values[i]
            moments[rows[i], 2] += values[i] * values[i]


@kernel("void(i64_in, u8_in, i64_out)")
def add_counts(rows, values, counts):
    """counts[rows[i]] += values[i]."""
    for i in range(rows.size):
        counts[rows[i]] += np.int64(values[i])


@kernel("void(i64_in, i64_in, i64_out)")
def keep_earliest(rows, times, earliest):
    """earliest[rows[i]] = the least of itself and times[i]; 0 = not known, on both sides."""
    for i in range(rows.size):
        known = earliest[rows[i]]
        if times[i] != 0 and (known == 0 or times[i] < known):
            earliest[rows[i]] = times[i]


@kernel("i64(i64_in, i64, u64_in, i64_out, u64_out, i64_out)")
def unseen_links(accounts, channel, values, owners, seen, fresh):
    """Places of the values (0 = null) that an account was not lately seen with; returns how many.

    accounts, values : int64[n], uint64[n]; channel : number of the kind of value, below 8
    owners, seen : a cache of (account and channel, value) pairs, powers of two long; what falls out of it is merely
    found fresh again. owners : int64, -1 = empty; fresh : int64[n], output
    """
    mask = U64(owners.size - 1)
    count = 0
    for i in range(accounts.size):
        value = values[i]
        if value == U64(0):
            continue
        owner = accounts[i] * 8 + channel
        slot = ((value ^ (U64(owner) * U64(0x9E3779B97F4A7C15))) * U64(0xBF58476D1CE4E5B9)) >> U64(20) & mask
        if owners[slot] == owner and seen[slot] == value:
            continue
        owners[slot] = owner
        seen[slot] = value
        fresh[count] = i
        count += 1
    return count


@kernel("void(u64, u64, u64_in2, u64_in, i64_in, i8_in2, u64_out)")
def call_identities(key0, key1, prompts, accounts, times, features, out):
    """A keyed identity of each call from what it is: account, time, prompt as written. Equal calls get equal ones.

    key0, key1 : the key; prompts : uint64[n, 2], hashes; accounts : uint64[n], hashes; times : int64[n]; out : uint64
    features : int8[n, FEATURES], for the spelling (case, white space) that the hash of the normalised prompt leaves out
    """
    for i in range(times.size):
        mixed = fold_multiply(prompts[i, 0] ^ key0, accounts[i] ^ key1)
        mixed = fold_multiply(mixed ^ U64(times[i]) ^ key1, key0 ^ prompts[i, 1])
        row = features[i].ctypes.data
        for j in range(FEATURES // 8):
            mixed = fold_multiply(mixed ^ load64(row + 8 * j), key0) + key1
        out[i] = mixed


@inline
def hex_digit(byte):
    """Value of an ASCII hexadecimal digit, or 16."""
    if U64(48) <= byte <= U64(57):
        return byte - U64(48)
    lower = byte | U64(32)
    if U64(97) <= lower <= U64(102):
        return lower - U64(87)
    return U64(16)


@inline
def network64(address, length, groups):
    """The first four 16-bit groups of an IPv6 address in text form, ``::`` expanded (RFC 4291, section 2.2).

    groups : uint64[8], scratch. A zone after ``%`` is left out; text that is no address gives some value all the same.
    """
    count = 0
    gap = -1
    value = U64(0)
    open_group = False
    for at in range(length):
        byte = load8(address + at)
        digit = hex_digit(byte)
        if digit < U64(16):
            value = ((value << U64(4)) | digit) & U64(0xFFFF)
            open_group = True
        elif byte == U64(58):
            if open_group and count < 8:
                groups[count] = value
                count += 1
            if at > 0 and load8(address + at - 1) == U64(58):
                gap = count
            value = U64(0)
            open_group = False
        else:
            break
    if open_group and count < 8:
        groups[count] = value
        count += 1
    result = U64(0)
    for place in range(4):
        group = U64(0)
        if gap < 0 or place < gap:
            if place < count:
                group = groups[place]
        elif place >= 8 - (count - gap):
            group = groups[place - (8 - count)]
        result = (result << U64(16)) | group
    return result


@kernel("void(u64, u64, u8_in, i64_in, u64_out)")
def hash_prefixes(key0, key1, values, offsets, out):
    """Keyed hash of each address's network: IPv4 without its last byte (/24), IPv6 its first 64 bits.

    key0, key1, values, offsets, out : as in ``siphash.hash_strings``
    """
    base = values.ctypes.data
    groups = np.empty(8, np.uint64)
    for i in range(offsets.size - 1):
        start, end = offsets[i], offsets[i + 1]
        cut = -1
        six = False
        for at in range(start, end):
            byte = load8(base + at)
            if byte == U64(46):
                cut = at
            elif byte == U64(58):
                six = True
        if six and cut < 0:
            out[i] = hash_word(key0, key1, network64(base + start, end - start, groups))
        else:
            stop = end if cut < 0 else cut
            out[i] = hash_bytes(key0, key1, base + start, stop - start, tail_word(base + start, stop - start))
