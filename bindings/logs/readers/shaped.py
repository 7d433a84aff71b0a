"""Shaped: tables read by a column map that makes calls of records, rather than following paths alone.

The columns that the map reads are taken as they stand, each row becomes an object as if it were a line of JSON, and
calls are made of these. It costs what JSON costs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.intake import casting
from gauger.logs.column_map import ColumnMap
from gauger.logs.paths import Source
from gauger.logs.readers import records
from gauger.logs.readers.chunk import Chunk, empty_batch
from gauger.logs.readers.format import Format
from gauger.logs.sources import plain_sources

_PLAIN = (str, int, float, bool, list, dict)
_MARK = "="  # before names of a file, so that none is taken for a canonical one


class _Whole(Source):
    """A column of a file, whatever dots are in its name."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The name itself."""
        return (self.path,)


class _AsItStands(ColumnMap):
    """A map that gives the columns of a file as they stand."""

    def sources(self, wanted: Iterable[str] | None = None) -> dict[str, tuple[Source, ...]]:
        """All of them."""
        return {name: plain_sources(places) for name, places in self.columns.items()}


def reader_of(form: Format) -> Callable[..., Iterator[Chunk]]:
    """A reader of shaped rows out of one of tables; it numbers rows as they are made."""
    return partial(_read, form)


def _read(
    form: Format, path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    records_of = column_map.records_of(path, columns)
    assert records_of is not None
    sources = column_map.sources(columns)
    row = 0
    for chunk in form.read(path, _as_it_stands(column_map), batch_rows=batch_rows):
        rows: list[Any] = []
        for found in _in_order(chunk):
            rows.extend([found] if isinstance(found, str) else records_of(found))
        good = [(number, one) for number, one in enumerate(rows, row) if not isinstance(one, str)]
        broken = [(number, one) for number, one in enumerate(rows, row) if isinstance(one, str)]
        row += len(rows)
        if rows:
            numbers = np.array([number for number, _ in good], np.int64)
            yield Chunk(_batch([one for _, one in good], sources, column_map, columns), numbers, broken)


def _batch(
    good: list[dict[str, Any]],
    sources: dict[str, tuple[Source, ...]],
    column_map: ColumnMap,
    columns: Sequence[str] | None,
) -> pa.RecordBatch:
    if not good:
        return empty_batch(columns)
    arrays = records.to_arrays(good, sources, column_map.rules)
    return pa.record_batch(arrays or {"": pa.nulls(len(good))})


def _as_it_stands(column_map: ColumnMap) -> ColumnMap:
    """The map to read a file with: each field that a path may begin with, under its own name."""
    names: dict[str, None] = {}
    for path in sorted(column_map.paths()):
        steps = path.removeprefix("joined.").split(".")
        names |= dict.fromkeys(".".join(steps[:end]) for end in range(1, len(steps) + 1))
    columns = {f"{_MARK}{name}": (_Whole(name),) for name in names}
    return _AsItStands(column_map.name, columns, rules=column_map.rules, csv=column_map.csv)


def _in_order(chunk: Chunk) -> Iterator[dict[str, Any] | str]:
    """The rows of a chunk as objects, those that could not be parsed as what is wrong with them, in file order."""
    fields = [name for name in chunk.batch.schema.names if name]
    names = [name.removeprefix(_MARK) for name in fields]
    values = [_objects(chunk.batch.column(name)) for name in fields]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    good = dict(zip(chunk.rows.tolist(), rows or [{}] * chunk.batch.num_rows, strict=True))
    whole = {**good, **dict(chunk.broken)}
    yield from (whole[number] for number in sorted(whole))


def _objects(array: pa.Array) -> list[Any]:
    """A column as JSON-like values; times and other Arrow values in their written form."""
    if casting.is_text(array.type):
        return casting.cast(array, pa.string()).array.to_pylist()
    if pt.is_timestamp(array.type):
        zone = array.type.tz or "UTC"
        return pc.strftime(array.cast(pa.timestamp("us", zone), safe=False), "%Y-%m-%dT%H:%M:%S%z").to_pylist()
    try:
        found = array.to_pylist(maps_as_pydicts="lossy")
    except UnicodeDecodeError:
        found = [casting.python_value(array, row) for row in range(len(array))]
    return [one if one is None or isinstance(one, _PLAIN) else str(one) for one in found]
