"""Writing calls/*.parquet: by input file and row, whatever units the calls were weighed in.

An input file has one of its own, under its number; small neighbours share one, under the number of the first.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from gauger.batch import outputs
from gauger.engine.common import progress, threads
from gauger.engine.plan.finish import Finished
from gauger.engine.results import tables
from gauger.engine.results.columns import described
from gauger.engine.results.result import CallRows, in_order

_ROWS_MAX = 8_000_000  # in memory at a time, at fifty bytes
_GROUP_ROWS = 1 << 20  # of a row group
_SPARSE = 8  # rows for each call, from which on calls are sorted
_SMALL_ROWS = 100  # files of fewer rows share one with their neighbours


def write_calls(out: Path, finished: Finished, rows: list[int]) -> None:
    """Write the calls of a run.

    rows : of each input file, one more than the greatest row number
    """
    spans = _spans(rows)
    step = progress.steps("writing", len(spans))
    for first, last in _groups([sum(rows[start:end]) for start, end in spans]):
        start, end = spans[first][0], spans[last - 1][1]
        units = threads.each(partial(_of_files, finished, (start, end)), finished.units)
        calls = CallRows.together(units)
        order = _in_place(calls, rows[start:end], start)
        ends = np.searchsorted(calls.file[order], np.arange(start, end + 1))
        for low, high in spans[first:last]:
            _write(out / f"{low:05d}.parquet", finished, calls, order[ends[low - start] : ends[high - start]])
            step()


def _in_place(calls: CallRows, rows: list[int], start: int) -> np.ndarray:
    """Order of the calls by file and row; int64[c]. rows : of each file from ``start`` on"""
    if sum(rows) > _SPARSE * len(calls.row) + _GROUP_ROWS:
        return in_order(calls)  # rows that somebody else numbered, with gaps
    # Rows of a file are numbered once, so each is put in its place: nothing is sorted.
    starts = np.cumsum([0, *rows])
    place = np.full(starts[-1], -1, np.int64)
    place[starts[calls.file - start] + calls.row] = np.arange(len(calls.row))
    return place[place >= 0]


def _spans(rows: list[int]) -> list[tuple[int, int]]:
    """Input files whose calls are written together: neighbours of few rows each."""
    spans: list[tuple[int, int]] = []
    held = 0
    for number, size in enumerate(rows):
        if spans and held > 0 and size < _SMALL_ROWS and held + size <= _GROUP_ROWS:
            spans[-1] = (spans[-1][0], number + 1)
            held += size
        else:
            spans.append((number, number + 1))
            held = max(1, size) if size < _SMALL_ROWS else 0
    return spans


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
    schema = described(outputs.CALLS, tables.CALLS)
    with outputs.atomic(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for start in range(0, len(order), _GROUP_ROWS):
            writer.write_table(finished.naming.table(calls, order[start : start + _GROUP_ROWS]).cast(schema))
        if len(order) == 0:
            writer.write_table(schema.empty_table())
