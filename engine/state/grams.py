"""Frame grams of distinct prompts, on disk: a kilobyte a prompt, the bulk of a day, and read in one sweep."""

import tempfile
import weakref
from collections.abc import Iterator
from io import BufferedRandom

import numpy as np

_BUFFERED = 1 << 16  # grams worth a write of their own


class GramStore:
    """An append-only sequence of uint32 grams in an unnamed temporary file (``TMPDIR``), gone with the process."""

    def __init__(self) -> None:
        self._opened: BufferedRandom | None = None
        self._written = 0
        self._buffer: list[np.ndarray] = []
        self._buffered = 0

    @property
    def _file(self) -> BufferedRandom:
        """The file, made when there is something to write: a process that forks before has none to share."""
        if self._opened is None:
            self._opened = _unnamed_file()
            weakref.finalize(self, self._opened.close)
        return self._opened

    def __len__(self) -> int:
        return self._written + self._buffered

    def append(self, grams: np.ndarray) -> None:
        """Add grams at the end: many at once are written as they are, few are copied and wait."""
        if len(grams) < _BUFFERED:
            self._buffer.append(np.array(grams, np.uint32))
            self._buffered += len(grams)
        if len(grams) >= _BUFFERED or self._buffered >= _BUFFERED:
            self._flush()
        if len(grams) >= _BUFFERED:
            self._file.write(np.ascontiguousarray(grams, np.uint32).data)
            self._written += len(grams)

    def _flush(self) -> None:
        if not self._buffer:
            return
        self._file.seek(4 * self._written)
        for grams in self._buffer:
            self._file.write(grams.data)
        self._written += self._buffered
        self._buffer, self._buffered = [], 0

    def read(self, start: int, end: int) -> np.ndarray:
        """Grams start .. end, uint32."""
        self._flush()
        values = np.empty(max(0, min(end, self._written) - start), np.uint32)
        if len(values) == 0:
            return values
        self._file.seek(4 * start)  # which also flushes what was written
        self._file.readinto(values.view(np.uint8).data)
        return values

    def slices(self, sizes: np.ndarray, rows: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Sweep over consecutive groups of ``rows`` prompts: (first prompt, offsets int64[m + 1], grams uint32).

        sizes : int64[n], grams of each prompt, in the order they were appended
        """
        ends = np.cumsum(sizes, dtype=np.int64)
        for first in range(0, len(sizes), rows):
            start = int(ends[first - 1]) if first else 0
            last = min(first + rows, len(sizes)) - 1
            offsets = np.concatenate([[0], ends[first : last + 1] - start]).astype(np.int64)
            yield first, offsets, self.read(start, int(ends[last]))


def _unnamed_file() -> BufferedRandom:
    return tempfile.TemporaryFile(prefix="gauger-grams-")
