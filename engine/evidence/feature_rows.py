"""Feature rows of sampled calls, where they are stored."""

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.vectors import Features, placed
from gauger.kernels.accounts.projection import project
from gauger.kernels.text.features import FEATURES

_BLOCK = 16_384  # rows a thread projects at a time


class FeatureRows:
    """Feature rows that lie in several arrays or files, gathered when asked for: a copy would be a gigabyte."""

    def __init__(self, *parts: tuple[Features, np.ndarray]) -> None:
        """parts : int8[m, FEATURES] and the rows of it that count, int64; the first part's come first."""
        self._parts = parts
        self._ends = np.cumsum([len(rows) for _, rows in parts])
        self._orders = [np.argsort(rows) for _, rows in parts]  # in which rows are stored

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """int8[len(rows), FEATURES] of some rows, int64."""
        part = np.searchsorted(self._ends, rows, "right")
        if len(rows) and (part == part[0]).all():
            array, stored = self._parts[part[0]]
            return array[stored[rows - self._start(part[0])]]
        found = np.empty((len(rows), FEATURES), np.int8)
        for number, (array, stored) in enumerate(self._parts):
            inside = part == number
            found[inside] = array[stored[rows[inside] - self._start(number)]]
        return found

    def _start(self, part: int) -> int:
        return int(self._ends[part - 1]) if part else 0

    def project(self, directions: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Each row along the direction of its own, read in the order rows are stored in; float32[rows].

        directions : float32[d, FEATURES]; which : int64[rows], 0 .. d - 1
        """
        scores = np.empty(len(which), np.float32)

        def block(at: tuple[int, int]) -> None:
            number, first = at
            array, stored = self._parts[number]
            part = self._orders[number][first : first + _BLOCK]
            places = part + self._start(number)
            project(*placed(array, stored[part]), which[places], directions, places, scores)

        sizes = (len(order) for order in self._orders)
        threads.each(block, [(number, first) for number, size in enumerate(sizes) for first in range(0, size, _BLOCK)])
        return scores
