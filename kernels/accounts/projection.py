"""Feature rows along directions."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel
from gauger.kernels.text.features import FEATURES

_LANES = 16  # sums side by side, added up at the end: a vector unit must not wait for one sum
assert FEATURES % _LANES == 0


@kernel("void(i8_in2, i64_in, i64_in, f32_in2, i64_in, f32_out)")
def project(features, rows, which, directions, places, out):
    """out[places[i]] = features[rows[i]] . directions[which[i]]: each the same whatever stands beside it.

    features : int8[m, FEATURES]; rows, which, places : int64[n]; directions : float32[d, FEATURES]; out : float32
    """
    lanes = np.empty(_LANES, np.float32)
    for i in range(rows.size):
        row, direction = rows[i], which[i]
        lanes[:] = 0.0
        for j in range(0, FEATURES, _LANES):
            for lane in range(_LANES):
                lanes[lane] += np.float32(features[row, j + lane]) * directions[direction, j + lane]
        total = np.float32(0.0)
        for lane in range(_LANES):
            total += lanes[lane]
        out[places[i]] = total
