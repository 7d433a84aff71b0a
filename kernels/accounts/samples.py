"""Comparing the sampled calls of one account with one another, and giving calls their cells.

Everything summed is an integer, so that no order of calls changes a result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.sketches.minhash import matches


class Calls(NamedTuple):
    """Sampled calls of n accounts, of all or of some in a row, each account's in order of time."""

    offsets: np.ndarray  # int64[n + 1], the calls of each account
    rows: np.ndarray  # int64[m], row of each call among the features
    prompts: np.ndarray  # int64[m], row of each call among the prompts, -1 = not known


class Prompts(NamedTuple):
    """What is known of prompts."""

    signatures: np.ndarray  # uint8[p, SLOTS]
    wordy: np.ndarray  # uint8[p], whether it has words enough for its signature to mean anything


class Sums(NamedTuple):
    """What is added up over the calls of each of n accounts, int64[n]."""

    lagged: np.ndarray  # inner products of calls in a row
    paired: np.ndarray  # of all pairs
    squares: np.ndarray  # squared norms
    alike: np.ndarray  # pairs of the same prompt or of near-duplicates


@inline
def product(left, right):
    """Inner product of two rows of signed bytes; kept in 32 bits, or the compiler would not multiply in pairs."""
    total = np.int32(0)
    for i in range(left.size):
        total = np.int32(total + np.int32(np.int32(left[i]) * np.int32(right[i])))
    return total


@kernel(
    "void(Calls(i64_in, i64_in, i64_in), i8_in2, Prompts(u8_in2, u8_in), i64, "
    "Sums(i64_out, i64_out, i64_out, i64_out), f64_out)"
)
def compare_sampled(calls, features, known, least, sums, nearest):
    """Inner products and near-duplicates among the sampled calls of each account.

    calls : ``Calls``; features : int8[rows, FEATURES]; known : ``Prompts``
    least : equal slots from which on two signatures are alike
    sums : ``Sums``, output; nearest : float64[m], distance of the call's unit vector to the nearest earlier one's; NaN
        for the first
    """
    offsets, rows, prompts = calls
    signatures, wordy = known
    lagged, paired, squares, alike = sums
    first = offsets[0]
    norms = np.empty(offsets[offsets.size - 1] - first, np.int64)
    for call in range(norms.size):
        norms[call] = product(features[rows[first + call]], features[rows[first + call]])
    for account in range(offsets.size - 1):
        lagged[account] = 0
        paired[account] = 0
        squares[account] = 0
        alike[account] = 0
        for call in range(offsets[account], offsets[account + 1]):
            squares[account] += norms[call - first]
            closest = -2.0
            for other in range(offsets[account], call):
                inner = np.int64(product(features[rows[call]], features[rows[other]]))
                paired[account] += inner
                if other == call - 1:
                    lagged[account] += inner
                length = np.sqrt(np.float64(norms[call - first]) * np.float64(norms[other - first]))
                cosine = inner / length if length > 0.0 else 0.0
                closest = max(closest, cosine)
                left, right = prompts[call], prompts[other]
                if left >= 0 and right >= 0:
                    same = left == right
                    if not same and wordy[left] and wordy[right]:
                        same = matches(signatures[left], signatures[right]) >= least
                    alike[account] += np.int64(same)
            nearest[call] = np.nan if closest < -1.5 else np.sqrt(max(0.0, 2.0 - 2.0 * closest))


@kernel("void(i64_in, i8_in2, i8_in2, u32_out)")
def feature_cells(rows, features, directions, out):
    """Cell of each call: one bit a direction, set where the features' product with it is not negative.

    Charikar, "Similarity estimation techniques from rounding algorithms" (STOC 2002), with directions of random signs.
    rows : int64[m]; directions : int8[b, FEATURES], b at most 32, -1 or 1; out : uint32[m], first direction highest
    """
    for call in range(rows.size):
        cell = np.uint32(0)
        for bit in range(directions.shape[0]):
            inside = product(features[rows[call]], directions[bit]) >= 0
            cell = np.uint32((cell << np.uint32(1)) | np.uint32(inside))
        out[call] = cell
