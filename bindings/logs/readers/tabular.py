"""Tabular: the columns of an Arrow batch under canonical names, by a column map.

Struct fields are followed in Arrow; only what needs a converter, a list element or JSON inside a string goes
through Python values. Arrays from outside must have passed ``structure.check`` first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CONVERSATION
from gauger.engine.intake import casting, structure, values
from gauger.engine.intake.conversation import Rules
from gauger.logs.columns import BESIDE, ColumnMap, Source, all_values, first_value
from gauger.logs.files import folders, limits
from gauger.logs.headers import holds_headers
from gauger.logs.readers import records
from gauger.logs.readers.chunk import Chunk, slices

Places = dict[str, list[Source]]


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and under what names they go on.

    A column is found by its name, else by the only name that differs from it in case or white space around it; what
    no column holds may stand in the names of the folders above the file.
    """

    schema: pa.Schema  # of the file
    places: Places  # by canonical name, those where the file has something
    renamed: dict[str, str]  # name in the file: that in the map
    constants: dict[str, str]  # values out of folder names
    rules: Rules  # of chats

    @classmethod
    def of(cls, path: Path, schema: pa.Schema, column_map: ColumnMap, columns: Sequence[str] | None) -> Self:
        """The layout for the ``columns`` wanted (canonical names, None: all). Raises ``InputError`` for too many."""
        if len(schema.names) > limits.COLUMNS_MAX:
            raise InputError(f"{path}: more than {limits.COLUMNS_MAX:,} columns; no log has that many")
        sources = column_map.sources(columns)
        renamed = _renamed(schema.names, sources)
        names = [renamed.get(name, name) for name in schema.names]
        constants = {name: value for name, value in folders.needed(path, sources).items() if name not in names}
        places = _present({*names, *constants}, sources)
        return cls(schema, places, renamed, constants, column_map.rules)

    def top_level(self) -> list[str]:
        """The columns of the file to read, in its order; one at least, so that its rows count."""
        given = [self.renamed.get(name, name) for name in self.schema.names]
        wanted = {
            place.path if place.path in given else place.steps[0] for each in self.places.values() for place in each
        }
        found = [own for own, name in zip(self.schema.names, given, strict=True) if name in wanted]
        return found or self.schema.names[:1]

    def leaves(self) -> list[str]:
        """The dotted paths to read, following structs as deep as each source goes; one at least."""
        own = {name: original for original, name in self.renamed.items()}
        fields = {self.renamed.get(field.name, field.name): field.type for field in self.schema}
        taken = [_leaf(fields, place) for each in self.places.values() for place in each]
        found = {".".join([own.get(first, first), *rest]) for first, *rest in taken if first in fields}
        return sorted(found) or self.schema.names[:1]

    def chunks(self, batch: pa.RecordBatch, row: int, batch_rows: int) -> Iterator[Chunk]:
        """A batch of the file, whose first row is ``row``, in chunks. Raises ``KernelInputError`` for broken arrays."""
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            structure.check(name, array)
        for part in slices(batch, batch_rows):
            yield Chunk(self.canonical(part), np.arange(row, row + part.num_rows, dtype=np.int64), [])
            row += part.num_rows

    def canonical(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """``batch`` under canonical names; without any known column, its rows with none."""
        if self.renamed:
            batch = batch.rename_columns([self.renamed.get(name, name) for name in batch.schema.names])
        for name, value in self.constants.items():
            batch = batch.append_column(name, pa.repeat(value, batch.num_rows))
        places = self.places.items()
        arrays = {name: _column(batch, name, each) for name, each in places if name not in CONVERSATION}
        chats = {name: _rows(batch, name, each) for name, each in places if name in CONVERSATION}
        arrays = records.with_chats(arrays, chats, self.rules)
        return pa.record_batch(arrays) if arrays else pa.record_batch({"": pa.nulls(batch.num_rows)})


def _present(names: set[str], sources: dict[str, tuple[Source, ...]]) -> Places:
    """Those sources whose first step is among ``names``, by canonical name."""
    found = {
        name: [place for place in places if place.path in names or place.steps[0] in names]
        for name, places in sources.items()
    }
    return {name: places for name, places in found.items() if places}


def _renamed(names: Sequence[str], sources: dict[str, tuple[Source, ...]]) -> dict[str, str]:
    """Columns that differ from a wanted name in case or white space only, where that tells one column."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.strip().lower(), []).append(name)
    places = [place for each in sources.values() for place in each]
    exact = {name for place in places for name in (place.path, place.steps[0])} & set(names)
    renamed: dict[str, str] = {}
    for place in places:
        if place.path in exact or place.steps[0] in exact:
            continue
        for wanted in (place.path, place.steps[0]):
            near = alike.get(wanted.lower(), [])
            if len(near) == 1 and near[0] not in exact:
                renamed.setdefault(near[0], wanted)
                break
    return renamed


def _column(batch: pa.RecordBatch, name: str, places: Sequence[Source]) -> pa.Array:
    # Sources past one that is never null cannot matter, and one that needs no Python spares all of it.
    first = _in_arrow(batch, places[0])
    if first is not None and (len(places) == 1 or _is_full(name, first)):
        return first
    return records.to_array(name, [_arrow_free(value) for value in _rows(batch, name, places)])


def _rows(batch: pa.RecordBatch, name: str, places: Sequence[Source]) -> list[Any]:
    """What the first of ``places`` that holds something holds, as Python objects."""
    fields = {place.path if place.path in batch.schema.names else place.steps[0] for place in places}
    columns = {field: _python_values(batch.column(field)) for field in fields}
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    if len(places) > 1 and name in BESIDE:
        return [all_values(row, places) for row in rows]
    return [first_value(row, places, name) for row in rows]


def _is_full(name: str, array: pa.Array) -> bool:
    if array.null_count or pt.is_nested(array.type):
        return False
    if pt.is_string(array.type) or pt.is_large_string(array.type) or pt.is_binary(array.type):
        return not values.any_says_nothing(name, casting.cast(array, pa.string()).array)
    return not pt.is_string_view(array.type) and not pt.is_dictionary(array.type)


def _in_arrow(batch: pa.RecordBatch, place: Source) -> pa.Array | None:
    """The array at ``place`` if struct fields alone lead there."""
    if place.convert is not None or any(map(holds_headers, place.steps[:-1])):  # header names are case-blind
        return None
    if place.path in batch.schema.names:
        return batch.column(place.path)
    array, steps = batch.column(place.steps[0]), place.steps[1:]
    while steps:
        if not pt.is_struct(array.type):
            return None
        step, steps = _next_field(array.type, steps)
        if step is None:
            return pa.nulls(batch.num_rows)
        array = pc.struct_field(array, step)
    return array


def _next_field(kind: pa.StructType, steps: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The field of ``kind`` the next steps name, as a whole or one by one, and the steps left."""
    whole = ".".join(steps)
    if kind.get_field_index(whole) >= 0:
        return whole, ()
    return (steps[0] if kind.get_field_index(steps[0]) >= 0 else None), steps[1:]


def _leaf(fields: dict[str, pa.DataType], place: Source) -> list[str]:
    """The steps into the ``fields`` of a file that ``place`` takes through structs."""
    if place.path in fields or place.steps[0] not in fields:
        return [place.path]
    kind, taken, steps = fields[place.steps[0]], [place.steps[0]], place.steps[1:]
    while steps and pt.is_struct(kind):
        step, steps = _next_field(kind, steps)
        if step is None:
            break
        taken.append(step)
        kind = kind.field(step).type
    return taken


def _python_values(array: pa.Array) -> list[Any]:
    """The values of ``array`` as Python objects, bytes as text; None where text is not UTF-8."""
    if casting.is_text(array.type):
        return casting.cast(array, pa.string()).array.to_pylist()
    try:
        return array.to_pylist(maps_as_pydicts="lossy")
    except UnicodeDecodeError:
        return [_value(scalar) for scalar in array]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py(maps_as_pydicts="lossy")
    except UnicodeDecodeError:
        return None


def _arrow_free(value: Any) -> Any:
    """Bytes as text, dates and other Arrow objects in their written form; JSON-like values as they are."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)
