"""Rows of an input on their way into the engine, and what became of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

MEASURE_ROWS = 8_192  # rows a worker measures at a time: results small enough that the allocator reuses their pages


@dataclass(frozen=True)
class Part:
    """Some rows of an input on their way into the engine."""

    batch: pa.RecordBatch  # canonical names, any layout
    file: int
    rows: np.ndarray  # int64, row of the file of each batch row


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
    reasons: list[str]


@dataclass(frozen=True)
class Ended(Event):
    """A file was read to its end, or as far as it can be."""

    error: str | None = None


def pieces(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of at most MEASURE_ROWS rows."""
    for part in parts:
        for start in range(0, part.batch.num_rows, MEASURE_ROWS):
            rows = part.rows[start : start + MEASURE_ROWS]
            yield Part(part.batch.slice(start, MEASURE_ROWS), part.file, rows)
