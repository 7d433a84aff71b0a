"""Detection: which shipped column map fits a log, by the calls that the heads of its files give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission
from gauger.engine.intake.parts import NOT_A_CALL
from gauger.engine.segments.spool import is_spool
from gauger.logs import column_maps
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.readers import prepared, read

_ROWS, _FILES = 200, 5  # looked at, of each file and of files
_SHARE_MIN = 0.5  # of the rows that are calls with a map that fits
CANONICAL = "canonical"


@dataclass
class Head:
    """What the first rows of a file become."""

    rows: int = 0
    calls: list[pa.RecordBatch] = field(default_factory=list)  # as they would be scored
    refused: Counter[str] = field(default_factory=Counter)  # rows by reason; those that are no calls as well
    error: str | None = None  # of the file

    @property
    def scored(self) -> int:
        """Rows that are calls."""
        return sum(batch.num_rows for batch in self.calls)

    @property
    def left_out(self) -> int:
        """Sound rows that are no calls."""
        return sum(number for reason, number in self.refused.items() if reason.startswith(NOT_A_CALL))

    def filled(self) -> Counter[str]:
        """Calls that say something, by column."""
        found: Counter[str] = Counter()
        for batch in self.calls:
            for name, array in zip(batch.schema.names, batch.columns, strict=True):
                found[name] += len(array) - array.null_count
        return found


@dataclass(frozen=True)
class Fit:
    """How well a map fits a log."""

    name: str
    rows: int  # that may be calls
    calls: int
    filled: int  # values of all columns

    @property
    def is_good(self) -> bool:
        """Whether the log can be read by it."""
        return self.calls > 0 and self.calls >= _SHARE_MIN * self.rows


def head_of(path: Path, column_map: ColumnMap, rows_max: int) -> Head:
    """The first ``rows_max`` rows of a file, or a few more, admitted as ``score`` admits them."""
    head = Head()
    try:
        for chunk in read(path, column_map, batch_rows=rows_max):
            head.rows += chunk.batch.num_rows + len(chunk.broken)
            head.refused.update(reason for _, reason in chunk.broken)
            if chunk.batch.num_rows:
                _admit(head, chunk.batch)
            if head.rows >= rows_max:
                break
    except InputError as error:
        head.error = str(error)
    return head


def _admit(head: Head, batch: pa.RecordBatch) -> None:
    try:
        admitted = admission.admit(batch)
    except InputError as error:
        head.refused[str(error).split("; ")[0]] += batch.num_rows
        return
    head.refused.update(admitted.reasons)
    if admitted.calls.num_rows:
        head.calls.append(admitted.calls)


def fits(paths: Sequence[Path]) -> list[Fit]:
    """How well the canonical names and each shipped map fit, best first."""
    some = _some(paths)
    found = [_fit(name, some) for name in (CANONICAL, *column_maps.names())]
    return sorted(found, key=lambda fit: (-fit.calls, -fit.filled, fit.name))


def detect(paths: Sequence[Path]) -> str | None:
    """The shipped map that fits best; None where the canonical names fit, no map does, or nothing has columns."""
    paths = [path for path in paths if not is_spool(path)]
    if not paths:
        return None
    if _fit(CANONICAL, _some(paths)).is_good:
        return None
    best = fits(paths)[0]
    return best.name if best.is_good and best.name != CANONICAL else None


def _some(paths: Sequence[Path]) -> list[Path]:
    """A few files from all over the list."""
    if len(paths) <= _FILES:
        return list(paths)
    edges = [len(paths) * number // _FILES for number in range(_FILES + 1)]
    return [paths[start] for start, _ in pairwise(edges)]


def _fit(name: str, paths: Sequence[Path]) -> Fit:
    column_map = prepared(load_column_map(None if name == CANONICAL else name), paths, _ROWS)
    heads = [head_of(path, column_map, _ROWS) for path in paths]
    rows = sum(head.rows - head.left_out for head in heads)
    calls = sum(head.scored for head in heads)
    return Fit(name, rows, calls, sum(sum(head.filled().values()) for head in heads))
