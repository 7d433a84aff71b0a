"""Rows of an input on their way into the engine, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

MEASURE_ROWS = 8_192  # rows a worker measures at a time: results small enough that the allocator reuses their pages
NOT_A_CALL = "not a call: "  # how a reason begins of a row that is sound and no call: a tool's span, an embedding


class Offered:
    """Some rows of an input on their way into the engine: a ``Part``, or what a host measured of them."""

    file: int | np.ndarray  # its number; int32 of each row, rising, where small files come together
    rows: np.ndarray  # int64, of the file

    def by_file(self, places: np.ndarray | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Each file's number and those ``places`` (of batch rows, rising; None: all) that are of it."""
        places = np.arange(len(self.rows)) if places is None else places
        if isinstance(self.file, int):
            yield self.file, places
            return
        if len(places) == 0:
            return
        files, starts = np.unique(self.file[places], return_index=True)
        yield from zip(files.tolist(), np.split(places, starts[1:]), strict=True)


@dataclass(frozen=True)
class Part(Offered):
    """Rows to be measured."""

    batch: pa.RecordBatch  # canonical names, any layout
    file: int | np.ndarray  # its number; int32 of each batch row, rising, where small files come together
    rows: np.ndarray  # int64, row of the file of each batch row

    def slice(self, start: int, size: int) -> Part:
        """Some of its rows."""
        file = self.file if isinstance(self.file, int) else self.file[start : start + size]
        return Part(self.batch.slice(start, size), file, self.rows[start : start + size])


@dataclass(frozen=True)
class Event:
    """What became of a part."""

    file: int


@dataclass(frozen=True)
class Taken(Event):
    """Rows of a part that were taken in."""

    rows: int


@dataclass(frozen=True)
class Failed(Event):
    """A part that could not be read as calls at all."""

    rows: np.ndarray
    message: str


@dataclass(frozen=True)
class Refused(Event):
    """Rows of a part that could not be scored."""

    rows: np.ndarray
    reasons: list[str]  # one that starts with NOT_A_CALL says that nothing is wrong with the row
    accounts: Sequence[str | None] | None = None  # whose rows they are, where that is known


@dataclass(frozen=True)
class Ended(Event):
    """A file was read to its end, or as far as it can be."""

    error: str | None = None


def pieces(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of at most MEASURE_ROWS rows."""
    for part in parts:
        for start in range(0, part.batch.num_rows, MEASURE_ROWS):
            yield part.slice(start, MEASURE_ROWS)
