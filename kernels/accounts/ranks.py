"""Places of values within groups."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel


@kernel("void(i64_in, f64_in, i64, i64, i64_out)")
def places_within(starts, values, first, last, places):
    """Place of each value among its group's, 0 for the least; of equal values the earlier one comes first.

    starts : int64[groups + 1], where each group starts in ``values``, float64[m]; first, last : of the groups to fill
    in; places : int64[m]. Quadratic in a group's size: a group is one account's sample of calls.
    """
    for group in range(first, last):
        start, end = starts[group], starts[group + 1]
        for i in range(start, end):
            value, place = values[i], np.int64(0)
            for j in range(start, i):
                place += np.int64(values[j] <= value)
            for j in range(i + 1, end):
                place += np.int64(values[j] < value)
            places[i] = place
