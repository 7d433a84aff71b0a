"""A column map: canonical names to the places to look for them, and what else says how a log is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gauger.engine.intake.conversation import DEFAULT, Rules
from gauger.logs.otlp import documents
from gauger.logs.paths import Source
from gauger.logs.shaping import KNOWN, RecordsOf, Shape, Shaper, to_keep
from gauger.logs.sources import Place, plain_sources

Documents = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]
# What the objects of a log hold: None, a row each, or what makes, for a file, a function that finds the rows in one.
RECORDS: dict[str, Callable[[], Documents] | None] = {
    "lines": None,
    "otlp": documents.Documents,
    "otlp_spans": documents.Documents,  # the name before logs were read as well
}
# Where a map of such records does not say which are calls.
OPERATIONS = {"otlp": "attributes.gen_ai.operation.name", "otlp_spans": "attributes.gen_ai.operation.name"}


@dataclass(frozen=True)
class Csv:
    """How CSV files are written; None is found out."""

    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class ColumnMap:
    """Canonical names to the places to look for them, in order of preference."""

    name: str
    columns: Mapping[str, tuple[Place, ...]] = field(repr=False)
    records: str = "lines"
    rules: Rules = DEFAULT  # of chats
    shape: Shape = field(default_factory=Shape)
    csv: Csv = field(default_factory=Csv)
    line: str | None = None  # a pattern whose groups are the fields of a line of text
    is_blind: bool = False  # to the case of names
    own: tuple[str, ...] = ()  # columns that a user's own file names, which are meant to be found

    @cached_property
    def is_shaped(self) -> bool:
        """Whether records become calls before columns are read, which costs more than following paths."""
        others = any(len(plain_sources(places)) < len(places) for places in self.columns.values())
        return others or self.shape != Shape() or self.is_blind

    def sources(self, wanted: Iterable[str] | None = None) -> dict[str, tuple[Source, ...]]:
        """Where a reader finds the ``wanted`` canonical names (None: all), in schema order, those of a chat behind.

        Who wants prompts wants the chats that they are in. Of shaped records it is the names themselves.
        """
        places = self._wanted(wanted)
        if self.is_shaped:
            return {name: (Source(name),) for name in places}
        return {name: plain_sources(each) for name, each in places.items()}

    def records_of(self, path: Path, wanted: Iterable[str] | None = None) -> RecordsOf | None:
        """What finds the rows in an object of the file ``path``, or why there are none; None: each is a row."""
        make = RECORDS[self.records]
        documents_of = None if make is None else make()
        if not self.is_shaped:
            return documents_of
        rows = ".".join(self.shape.rows)
        reads_text = any(rows in place.paths for places in self.columns.values() for place in places)
        shaper = Shaper.of(self.shape, self._wanted(wanted), documents_of, path, reads_text)
        return shaper.keep if self.shape.keeps else shaper

    def keeping(self) -> ColumnMap:
        """The map for the first of two readings."""
        return replace(self, shape=to_keep(self.shape))

    def first_reading_done(self) -> None:
        """From now on records are put together."""
        for part in self.shape.parts:
            assert part.kept is not None
            part.kept.is_done = True

    def paths(self) -> set[str]:
        """Dotted paths that are read; ``*`` for whole records."""
        return {path for places in self.columns.values() for place in places for path in place.paths} | self.shape.paths

    def _wanted(self, wanted: Iterable[str] | None) -> dict[str, tuple[Place, ...]]:
        names = set(KNOWN) if wanted is None else set(wanted)
        if "prompt_text" in names:
            names |= {"messages", "system_instructions", "tool_definitions"}
        return {name: self.columns[name] for name in KNOWN if name in names and name in self.columns}
