"""HyperLogLog: how many distinct things, in a few hundred bytes that merge by maximum.

Source: Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog", AofA 2007, with 64-bit hashes; estimator of Ertl, "New
cardinality estimation algorithms for HyperLogLog sketches", 2017, section 4 (improved raw estimator: unbiased over the
whole range, no empirical tables, a function of the registers only, so it may be merged).

Two forms. *Dense*: uint8[2^p] registers, each the largest rank (leading zeros + 1) seen. *Columns* (many small
sketches, one a row): up to SPARSE hashes kept exactly as uint32, then 2^8 registers filled from those same 32 bits, so
that the dense row depends only on the set and never on when it overflowed.
"""

from __future__ import annotations

import math

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import leading_zeros, mix, scalar

U64, U32, U8 = np.uint64, np.uint32, np.uint8
SPARSE = 16
COLUMN_BITS = 8
COLUMN_REGISTERS = 1 << COLUMN_BITS
DENSE_MARK = np.uint8(255)


@inline
def update(registers, bits, hashed):
    """Add one uniform uint64 hash to uint8[2^bits] registers."""
    index = hashed >> U64(64 - bits)
    # The guard bit ends the run of zeros where the index begins.
    rank = U8(leading_zeros((hashed << U64(bits)) | (U64(1) << U64(bits - 1))) + 1)
    if rank > registers[index]:
        registers[index] = rank


@inline
def update_words(registers, bits, hashes, count, key):
    """Add word hashes, mixed once more: registers say nothing about the bits other sketches use."""
    for i in range(count):
        scalar()
        update(registers, bits, mix(hashes[i], key[keys.REGISTER]))


@kernel("void(u8_out, i64, u64_in)")
def update_many(registers, bits, hashes):
    """Add uint64 ``hashes`` to one dense sketch. registers : uint8[2^bits]."""
    for i in range(hashes.size):
        update(registers, bits, hashes[i])


@inline
def column_update(registers, entry):
    """Add a 32-bit entry to a row of 2^8 registers: 8 bits of index, 24 of rank."""
    index = entry >> U32(24)
    # Shifted as 64 bits: Numba widens a uint32 shift and would keep the index bits above the rank's.
    rank = U8(leading_zeros((U64(entry) << U64(40)) | (U64(1) << U64(39))) + 1)
    if rank > registers[index]:
        registers[index] = rank


@inline
def make_dense(counts, sparse, dense, row):
    """Turn a sparse row into registers."""
    for j in range(counts[row]):
        column_update(dense[row], sparse[row, j])
        sparse[row, j] = U32(0)
    counts[row] = DENSE_MARK


@inline
def column_insert(counts, sparse, dense, row, entry):
    """Add a 32-bit entry to the sketch in one row, whichever form it is in."""
    count = counts[row]
    known = False
    if count != DENSE_MARK:
        for j in range(count):
            if sparse[row, j] == entry:
                known = True
                break
        if not known and count < SPARSE:
            sparse[row, count] = entry
            counts[row] = count + U8(1)
            known = True
        elif not known:
            make_dense(counts, sparse, dense, row)
    if not known:
        column_update(dense[row], entry)


@kernel("void(i64_in, u64_in, u8_out, u32_out2, u8_out2)")
def column_update_many(rows, hashes, counts, sparse, dense):
    """Add hashes[i] to the sketch in row rows[i] (rows < 0 are skipped).

    counts : uint8[n], entries in the sparse row, or DENSE_MARK once it became dense
    sparse : uint32[n, SPARSE]; dense : uint8[n, COLUMN_REGISTERS]
    """
    for i in range(rows.size):
        if rows[i] >= 0:
            column_insert(counts, sparse, dense, rows[i], U32(hashes[i] >> U64(32)))


@kernel("void(i64_in, u8_out, u32_out2, u8_out2, u8_in, u32_in2, u8_in2)")
def column_merge(rows, counts, sparse, dense, other_counts, other_sparse, other_dense):
    """Merge sketch i of the other columns into row rows[i].

    counts, sparse, dense : as in ``column_update_many``; other_counts, other_sparse, other_dense : likewise
    """
    for i in range(rows.size):
        row = rows[i]
        if other_counts[i] != DENSE_MARK:
            for k in range(other_counts[i]):
                column_insert(counts, sparse, dense, row, other_sparse[i, k])
            continue
        if counts[row] != DENSE_MARK:
            make_dense(counts, sparse, dense, row)
        for j in range(COLUMN_REGISTERS):
            if other_dense[i, j] > dense[row, j]:
                dense[row, j] = other_dense[i, j]


def _sigma(x: float) -> float:
    """Ertl 2017, eq. 13: correction for registers at zero."""
    if x == 1.0:
        return math.inf
    term, total, power = 1.0, x, x
    while True:
        power *= power
        previous = total
        total += power * term
        term += term
        if total == previous:
            return total


def _tau(x: float) -> float:
    """Ertl 2017, eq. 15: correction for saturated registers."""
    if x in (0.0, 1.0):
        return 0.0
    term, total = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        previous = total
        term *= 0.5
        total -= (1.0 - x) ** 2 * term
        if total == previous:
            return total / 3.0


def estimate(registers: np.ndarray, rank_bits: int = 64) -> float:
    """Distinct count from uint8[2^p] registers of ``rank_bits``-bit hashes (Ertl 2017, algorithm 6)."""
    size = registers.size
    q = rank_bits - int(math.log2(size))
    histogram = np.bincount(registers, minlength=q + 2)
    total = size * _tau(1.0 - histogram[q + 1] / size)
    for rank in range(q, 0, -1):
        total = 0.5 * (total + float(histogram[rank]))
    total += size * _sigma(float(histogram[0]) / size)
    return size * size / (2.0 * math.log(2.0)) / total


def estimate_columns(counts: np.ndarray, dense: np.ndarray) -> np.ndarray:
    """Distinct count of each row: exact while sparse, estimated from 2^8 registers when dense. float64[n]."""
    result = counts.astype(np.float64)
    for row in np.flatnonzero(counts == DENSE_MARK):
        result[row] = estimate(dense[row], rank_bits=32)
    return result
