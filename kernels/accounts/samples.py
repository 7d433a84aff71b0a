"""Comparing the sampled calls of one account with one another, and giving calls their cells.

Everything summed is an integer, so that no order of calls changes a result.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import (
    f64_out,
    i8_in2,
    i64,
    i64_in,
    i64_out,
    inline,
    kernel,
    u8_in,
    u8_in2,
    u32_out,
    void,
)
from gauger.kernels.sketches.minhash import matches


@inline
def product(left, right):
    """Inner product of two rows of signed bytes; kept in 32 bits, or the compiler would not multiply in pairs."""
    total = np.int32(0)
    for i in range(left.size):
        total = np.int32(total + np.int32(np.int32(left[i]) * np.int32(right[i])))
    return total


@kernel(void(i64_in, i64_in, i8_in2, i64_in, u8_in2, u8_in, i64, i64_out, i64_out, i64_out, i64_out, f64_out))
def compare_sampled(
    offsets, rows, features, prompts, signatures, wordy, least, lagged, paired, squares, alike, nearest
):
    """Inner products and near-duplicates among the sampled calls of each account.

    offsets : int64[n + 1], calls of each account, of all or of some in a row
    rows : int64[m], row of each call in ``features``, in order of time
    prompts : int64[m], row of each call in ``signatures`` and ``wordy``, -1 = not known
    wordy : uint8, whether a prompt has words enough for its signature to mean anything
    least : equal slots from which on two signatures are alike

    lagged, paired, squares : int64[n], sums over calls in a row, over all pairs, and of squared norms
    alike : int64[n], pairs of the same prompt or of near-duplicates
    nearest : float64[m], distance of the call's unit vector to the nearest earlier one's; NaN for the first
    """
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


@kernel(void(i64_in, i8_in2, i8_in2, u32_out))
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
