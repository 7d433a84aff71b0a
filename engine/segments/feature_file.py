"""Features on disk: of the sampled calls that are learnt from, which are a gigabyte, only what is asked for is read."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path

import numpy as np

from gauger.kernels.text.features import FEATURES

_ROWS = 1_024  # asked for at a time
_SPARSE = 8  # a stretch of the file is read whole where one row of so many is wanted


class FeatureFile:
    """int8[n, FEATURES] in a file without a name, which goes with its last user or with the process."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.shape = (rows, FEATURES)
        # Killed before it is nameless, it is named as what a work directory throws away.
        self._file, name = tempfile.mkstemp(".partial", ".", folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self.shape[0]

    def write(self, first: int, features: np.ndarray) -> None:
        """Put rows where they belong, the first of them at ``first``. Safe from any thread."""
        view, at = np.ascontiguousarray(features).reshape(-1).data, first * FEATURES
        while view:
            written = os.pwrite(self._file, view, at)
            view, at = view[written:], at + written

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, int64, in the order given; int8[len(rows), FEATURES]. Safe from any thread."""
        found = np.empty((len(rows), FEATURES), np.int8)
        for start in range(0, len(rows), _ROWS):
            own, part = rows[start : start + _ROWS], found[start : start + _ROWS]
            first = int(own.min())
            span = int(own.max()) - first + 1
            if span <= _SPARSE * len(own):
                part[:] = self._read(first, np.empty((span, FEATURES), np.int8))[own - first]
                continue
            for at, row in enumerate(own.tolist()):
                self._read(row, part[at])
        return found

    def _read(self, first: int, into: np.ndarray) -> np.ndarray:
        view, at = into.reshape(-1).data, first * FEATURES
        while view:
            read = os.preadv(self._file, [view], at)
            if read == 0:
                raise OSError(f"features end before row {at // FEATURES}")
            view, at = view[read:], at + read
        return into
