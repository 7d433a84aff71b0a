"""Shaping: the records of a log as one record a call, where a column map says more than where columns are.

In this order: pieces of a cut record are put together, one record becomes several rows, halves are joined, rows that
are no calls are left out, and columns are read. A row that comes to nothing is a text that says why: every record is
accounted for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, CONVERSATION, REQUIRED
from gauger.engine.intake import values
from gauger.logs.files.folders import values_of
from gauger.logs.joining import JOINED, Join, Kept
from gauger.logs.paths import Source, is_tail, replaced
from gauger.logs.pieces import KeptPieces, Pieces, Reading
from gauger.logs.sources import Place, UnusableError, matches, text_of

Row = dict[str, Any] | str  # or why there is none
RecordsOf = Callable[[dict[str, Any]], Iterator[Row]]

LEFT_OUT = "not a call: left out by the map"
NO_ROWS = "holds no rows: its list is empty"
ROWS_FIELDS_MAX = 10_000_000  # rows of a record times the fields they share: a small file must not become a large one
HALF = "is cut off: half of the JSON in {} is missing"
CROWDED = f"holds too many rows: more than {ROWS_FIELDS_MAX:,} fields are copied for them"
BESIDE = ("system_instructions", "tool_definitions")  # of these every source counts, not the first

_FIELD = {"field", "value"}  # as CloudWatch answers queries
_SAID = (*CONTENT, *CONVERSATION)
_NEEDED = (*REQUIRED, *_SAID)


@dataclass(frozen=True)
class Condition:
    """What must hold of a row that is a call."""

    place: Source
    texts: frozenset[str] | None = None  # one of which it must equal
    pattern: str | None = None
    present: bool = True
    inverted: bool = False

    def holds(self, record: dict[str, Any]) -> bool:
        """Whether it does; of a list one element is enough."""
        return self._is_met(self.place.value(record)) != self.inverted

    def _is_met(self, value: Any) -> bool:
        if self.texts is None and self.pattern is None:
            return (value is not None and value not in ("", [], {})) == self.present
        texts = [text for one in (value if isinstance(value, list) else [value]) if (text := text_of(one)) is not None]
        if self.texts is not None:
            return any(text in self.texts for text in texts)
        return any(matches(self.pattern or "", text) is not None for text in texts)


@dataclass(frozen=True)
class Shape:
    """What a map says beside where columns are."""

    pieces: Pieces | None = None
    rows: tuple[str, ...] = ()  # the steps to a list whose elements are a row each, or to an object that is one
    join: Join | None = None
    where: tuple[Condition, ...] = ()
    nulls: frozenset[str] = frozenset()  # texts that stand for nothing, beside those known

    @property
    def paths(self) -> set[str]:
        """What it reads of a record, columns apart."""
        read = {condition.place.path for condition in self.where} | ({".".join(self.rows)} - {""})
        return read.union(*(one.paths for one in self.parts))

    @property
    def parts(self) -> tuple[Pieces | Join, ...]:
        """What is put together, for which a log is read twice."""
        return tuple(one for one in (self.pieces, self.join) if one is not None)

    @property
    def keeps(self) -> bool:
        """Whether this is the first of two readings."""
        return any(one.kept is not None and not one.kept.is_done for one in self.parts)


@dataclass(frozen=True)
class Shaper:
    """A shape at work on the records of a file."""

    shape: Shape
    columns: dict[str, tuple[_Careful, ...]]
    documents: Callable[[dict[str, Any]], Iterable[dict[str, Any]]] | None  # finds records in a document
    folders: dict[str, str]
    reading: Reading | None = None  # of pieces
    reads_text: bool = False  # a column reads what stands at the rows' place: a text there is no record

    @classmethod
    def of(
        cls,
        shape: Shape,
        columns: dict[str, tuple[Place, ...]],
        documents: Callable[[dict[str, Any]], Iterable[dict[str, Any]]] | None,
        path: Path,
        reads_text: bool,
    ) -> Shaper:
        """The shaper for the file ``path``."""
        here = {name: tuple(_Careful(place.at(path), shape.nulls) for place in each) for name, each in columns.items()}
        reading = None if shape.pieces is None else shape.pieces.reading(path)
        return cls(shape, here, documents, values_of(path.absolute()), reading, reads_text)

    def __call__(self, record: dict[str, Any]) -> Iterator[Row]:
        """The calls in a record of the file, by canonical names."""
        for row in self._rows(record):
            if isinstance(row, dict) and self.shape.join is not None:
                row = self.shape.join.whole(row)
            if isinstance(row, dict) and not all(condition.holds(row) for condition in self.shape.where):
                row = LEFT_OUT
            yield self._values(row) if isinstance(row, dict) else row

    def keep(self, record: dict[str, Any]) -> Iterator[Row]:
        """Take in a record at the first of two readings; no rows come of it."""
        if self.reading is not None:
            self.reading.keep(record)
        join = self.shape.join
        read = {path for places in self.columns.values() for place in places for path in place.paths} | self.shape.paths
        fields = None if read & {"*", JOINED} else tuple(path.removeprefix(f"{JOINED}.") for path in read)
        for row in self._opened(record) if join is not None else ():
            if isinstance(row, dict) and join is not None:
                join.keep(row, fields)
        yield from ()

    def _rows(self, record: dict[str, Any]) -> Iterator[Row]:
        whole = record if self.reading is None else self.reading.whole(record)
        yield from [whole] if isinstance(whole, str) else self._opened(whole)

    def _opened(self, record: dict[str, Any]) -> Iterator[Row]:
        for one in [record] if self.documents is None else self.documents(record):
            whole = {**self.folders, **one} if self.folders else one
            yield from _opened(whole, self.shape.rows, self.reads_text) if self.shape.rows else [whole]

    def _values(self, record: dict[str, Any]) -> Row:
        """The columns of a call, or why it is none."""
        found: dict[str, Any] = {}
        for name, places in self.columns.items():
            beside = name in BESIDE and len(places) > 1
            value = all_values(record, places) if beside else first_value(record, places, name)
            if value is not None:
                found[name] = value
            elif name in _NEEDED and (reason := _unusable(places)) is not None:
                return f"{'prompt' if name in _SAID else name} {reason}"
        return found


def first_value(record: Any, sources: Iterable[Place], name: str = "") -> Any:
    """What the first source that says something for column ``name`` holds; else what one has for nothing, if any."""
    fallback = None
    for source in sources:
        value = values.plain(name, source.value(record))
        if not values.says_nothing(name, value):
            return value
        fallback = value if fallback is None else fallback
    return fallback


def all_values(record: Any, sources: Iterable[Place]) -> list[Any] | None:
    """What all sources that hold something hold, one after another; None where none does."""
    found = [value for value in (source.value(record) for source in sources) if value not in (None, "", [])]
    return found or None


@dataclass
class _Careful:
    """A place that notes what cannot be used, and takes the map's own null markers for nothing."""

    place: Place
    nulls: frozenset[str]
    unusable: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        return self.place.paths

    def at(self, path: Path) -> _Careful:
        return _Careful(self.place.at(path), self.nulls)

    def value(self, record: Any) -> Any:
        try:
            value = self.place.value(record)
        except UnusableError as error:
            self.unusable = str(error)
            return None
        return None if isinstance(value, str) and value.strip() in self.nulls else value


def _unusable(places: Iterable[_Careful]) -> str | None:
    """What was wrong with the first value that could not be used, once."""
    reason = None
    for place in places:
        reason, place.unusable = reason or place.unusable, None
    return reason


def _opened(record: dict[str, Any], steps: tuple[str, ...], reads_text: bool, start: int = 1) -> Iterator[Row]:
    """The rows of a record: the fields of each element of a list over those around it, and itself in its place.

    Lists on the way are opened as well. An object in the list's place is one row, so that what a shipper wrapped a
    record into is taken off. Both may be JSON in a string, unless a column reads that text: of a list of prompts each
    is a row, whatever it looks like. A record that has neither is a row itself, and so is one with a list of numbers:
    a prompt of token ids is one prompt.
    """
    for position in range(start, len(steps) + 1):
        path = ".".join(steps[:position])
        value = _read(Source(path).value(record), reads_text)
        if value is HALF:
            yield HALF.format(path)
            return
        if isinstance(value, dict) and position == len(steps):
            yield {**replaced(record, steps[:position], value), **value}
            return
        if isinstance(value, list) and not (value and all(type(one) in (int, float) for one in value)):
            if not value:
                yield NO_ROWS
            elif len(value) * len(record) > ROWS_FIELDS_MAX:
                yield CROWDED
            else:
                for element in value:
                    yield from _opened_at(record, element, steps, position, reads_text)
            return
    yield record


def _opened_at(
    record: dict[str, Any], element: Any, steps: tuple[str, ...], position: int, reads_text: bool
) -> Iterator[Row]:
    element = _read(element, reads_text)
    row = replaced(record, steps[:position], element)
    if isinstance(element, dict):
        row = {**row, **element}
    yield from _opened(row, steps, reads_text, position + 1) if position < len(steps) else [row]


def _read(value: Any, reads_text: bool) -> Any:
    """A value out of JSON in a string, fields and values in a list as one object; ``HALF`` for half of an object."""
    if isinstance(value, str) and not reads_text:
        text = value.strip()
        if text[:1] not in ("{", "["):
            return HALF if is_tail(text) else value
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return value if text[-1] in "}]" else HALF
    if isinstance(value, list) and value and all(isinstance(one, dict) and one.keys() == _FIELD for one in value):
        return {str(one["field"]): one["value"] for one in value}
    return value


def to_keep(shape: Shape) -> Shape:
    """The shape with empty tables for what it puts together."""
    join = None if shape.join is None else replace(shape.join, kept=Kept())
    pieces = None if shape.pieces is None else replace(shape.pieces, kept=KeptPieces())
    return replace(shape, join=join, pieces=pieces)


KNOWN = (*CALL_SCHEMA.names, *CONVERSATION)  # names that a map may have
