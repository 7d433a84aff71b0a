"""The floor every throughput is compared with: what it costs merely to look at each byte."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel


@kernel("u64(u8_in)")
def sum_bytes(values):
    """Sum of all ``values``, uint8."""
    total = np.uint64(0)
    for i in range(values.size):
        total += np.uint64(values[i])
    return total
