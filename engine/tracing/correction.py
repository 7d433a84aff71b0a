"""Several tests of one suspect: Holm, "A simple sequentially rejective multiple test procedure", 1979.

The probability that any true null hypothesis among them is rejected is at most the level, however they depend on each
other.
"""

import math
from collections.abc import Sequence


def holm(log10_probabilities: Sequence[float], tests: int = 0) -> list[float]:
    """Adjusted log10 probabilities, in the order given.

    tests : how many were or could have been done, where that is more than are given; the others count as 1
    """
    number = max(tests, len(log10_probabilities))
    order = sorted(range(len(log10_probabilities)), key=lambda place: log10_probabilities[place])
    adjusted, largest = [0.0] * len(order), -math.inf
    for rank, place in enumerate(order):
        largest = max(largest, min(0.0, log10_probabilities[place] + math.log10(number - rank)))
        adjusted[place] = largest
    return adjusted
