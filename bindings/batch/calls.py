"""Writing calls/*.parquet: one file for each input file, by row, whatever units the calls were weighed in."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch import outputs
from gauger.engine.common import progress, threads
from gauger.engine.plan.finish import Finished
from gauger.engine.results import tables
from gauger.engine.results.result import CallRows

_ROWS_MAX = 8_000_000  # in memory at a time, at fifty bytes
_GROUP_ROWS = 1 << 20  # of a row group


def write_calls(out: Path, finished: Finished, rows: list[int]) -> None:
    """Write the calls of a run.

    rows : of each input file, one more than the greatest row number
    """
    step = progress.steps("writing", len(rows))
    for first, last in _groups(rows):
        units = threads.each(partial(_of_files, finished, (first, last)), finished.units)
        calls = CallRows.together(units)
        # Rows of a file are numbered once, so each is put in its place: nothing is sorted.
        starts = np.cumsum([0, *rows[first:last]])
        place = np.full(starts[-1], -1, np.int64)
        place[starts[calls.file - first] + calls.row] = np.arange(len(calls.row))
        for number in range(first, last):
            order = place[starts[number - first] : starts[number - first + 1]]
            _write(out / f"{number:05d}.parquet", finished, calls, order[order >= 0])
            step()


def _groups(rows: list[int]) -> list[tuple[int, int]]:
    """Neighbouring files whose rows are in memory together."""
    groups, first, held = [], 0, 0
    for number, size in enumerate(rows):
        if held and held + size > _ROWS_MAX:
            groups.append((first, number))
            first, held = number, 0
        held += size
    return [*groups, (first, len(rows))] if rows else []


def _of_files(finished: Finished, span: tuple[int, int], unit: int) -> CallRows:
    calls = finished.calls(unit)
    inside = (calls.file >= span[0]) & (calls.file < span[1])
    return calls if inside.all() else calls.select(inside)


def _write(path: Path, finished: Finished, calls: CallRows, order: np.ndarray) -> None:
    with outputs.atomic(path) as temporary, pq.ParquetWriter(temporary, tables.CALLS, compression="zstd") as writer:
        for start in range(0, len(order), _GROUP_ROWS):
            writer.write_table(finished.naming.table(calls, order[start : start + _GROUP_ROWS]))
        if len(order) == 0:
            writer.write_table(pa.Table.from_batches([], tables.CALLS))
