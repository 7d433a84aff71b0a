"""Sources: what a column may come from beside a path. Each has ``value(record)``, as a path has.

Patterns are RE2's, which takes time in the length of the text alone, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import jmespath
import re2

from gauger.logs.converters import CONVERTERS
from gauger.logs.paths import Source

TEXT_MAX = 1 << 20  # characters a pattern is tried on
AMBIGUOUS = "stands for two instants: clocks were set back then; log it with its offset"
SKIPPED = "does not exist in the map's zone: clocks were set forward then"
OTHER_FORMAT = "is not written in the map's format"
UNEVEN = "comes as lists of roles and texts that differ in length"


class UnusableError(Exception):
    """A value that is there and cannot be used; the message says what is wrong with it, and never quotes it."""


class Place(Protocol):
    """A place a column may come from."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The dotted paths it reads of a record; ``*`` for all of it."""

    def at(self, path: Path) -> Place:
        """The place in records of the file ``path``."""

    def value(self, record: Any) -> Any:
        """What ``record`` has here, None for nothing; raises ``UnusableError``."""


@dataclass(frozen=True)
class Constant:
    """A value that the map itself says."""

    constant: Any

    @property
    def paths(self) -> tuple[str, ...]:
        """None: it reads nothing."""
        return ()

    def at(self, path: Path) -> Constant:
        """The same in all files."""
        return self

    def value(self, record: Any) -> Any:
        """The constant."""
        return self.constant


@dataclass(frozen=True)
class FileName:
    """What a pattern finds in the path of the file."""

    pattern: str
    paths: tuple[str, ...] = ()

    def at(self, path: Path) -> Constant:
        """A constant for all records of the file."""
        return Constant(found(self.pattern, str(path.absolute())))

    def value(self, record: Any) -> Any:
        """Nothing: no file is known."""
        return None


@dataclass(frozen=True)
class Joined:
    """Several values as one text; nothing where one of them is missing, as half an id is another's."""

    parts: tuple[Place, ...]
    separator: str

    @property
    def paths(self) -> tuple[str, ...]:
        """Those of its parts."""
        return tuple(path for part in self.parts for path in part.paths)

    def at(self, path: Path) -> Joined:
        """Its parts in a file."""
        return Joined(tuple(part.at(path) for part in self.parts), self.separator)

    def value(self, record: Any) -> Any:
        """The text."""
        texts = [text_of(part.value(record)) for part in self.parts]
        return None if None in texts or "" in texts else self.separator.join(text for text in texts if text)


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression: for filters over arrays and all else that a path cannot say."""

    expression: str

    @property
    def paths(self) -> tuple[str, ...]:
        """All, among them the fields it names, in whatever depth they are."""
        return ("*", *_fields(compiled(self.expression).parsed))

    def at(self, path: Path) -> Expression:
        """The same in all files."""
        return self

    def value(self, record: Any) -> Any:
        """What it gives; None where values have types that its functions do not take."""
        try:
            return compiled(self.expression).search(record)
        except (jmespath.exceptions.JMESPathError, RecursionError):
            return None


@dataclass(frozen=True)
class Refined:
    """What is made of the value of another place: cut out by a pattern, read as a time, converted; in this order."""

    origin: Place
    pattern: str | None = None
    form: str | None = None  # of a time, as strptime has it
    zone: tzinfo | None = None
    converter: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Those of its origin."""
        return self.origin.paths

    def at(self, path: Path) -> Refined:
        """Its origin in a file."""
        return Refined(self.origin.at(path), self.pattern, self.form, self.zone, self.converter)

    def value(self, record: Any) -> Any:
        """The value; raises ``UnusableError`` for a time that is not in the format or not one instant."""
        value = self.origin.value(record)
        if value is not None and self.pattern is not None:
            text = text_of(value)
            value = None if text is None else found(self.pattern, text)
        if value not in (None, "") and (self.form is not None or self.zone is not None):
            value = _instant(text_of(value), self.form, self.zone)
        return value if value is None or self.converter is None else CONVERTERS[self.converter](value)


@dataclass(frozen=True)
class Parallel:
    """A chat kept as two lists, one of texts and one of the roles that say them."""

    texts: Source
    roles: Source

    @property
    def paths(self) -> tuple[str, ...]:
        """Those of both lists."""
        return (self.texts.path, self.roles.path)

    def at(self, path: Path) -> Parallel:
        """The same in all files."""
        return self

    def value(self, record: Any) -> Any:
        """The chat; raises ``UnusableError`` where the lists differ in length."""
        texts, roles = self.texts.value(record), self.roles.value(record)
        if not isinstance(texts, list) or not isinstance(roles, list):
            return None if texts is None else _raised(UNEVEN)
        if len(texts) != len(roles):
            raise UnusableError(UNEVEN)
        return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]


def text_of(value: Any) -> str | None:
    """A plain value as text; None for an object, a list or nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else None


@cache
def compiled(expression: str) -> Any:
    """A JMESPath expression, parsed once."""
    return jmespath.compile(expression)


@cache
def pattern_of(pattern: str) -> Any:
    """A pattern, compiled once. Raises ``re2.error`` for what RE2 does not take."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options=options)


def found(pattern: str, text: str) -> str | None:
    """What the group of a pattern, or all of one without groups, finds first in a text; None for nothing."""
    match = matches(pattern, text)
    return match[min(1, pattern_of(pattern).groups)] if match else None


def matches(pattern: str, text: str) -> Any:
    """The first match of a pattern anywhere in a text, None without."""
    try:
        return pattern_of(pattern).search(text) if len(text) <= TEXT_MAX else None
    except UnicodeEncodeError:  # half of a surrogate pair
        return None


def _fields(node: dict[str, Any]) -> Iterator[str]:
    """Names of fields in a parsed expression."""
    if node["type"] == "field":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _fields(child)


def _raised(reason: str) -> Any:
    raise UnusableError(reason)


def _instant(text: str | None, form: str | None, zone: tzinfo | None) -> str:
    """A written time as ISO 8601 with its offset."""
    try:
        moment = datetime.fromisoformat(text or "") if form is None else datetime.strptime(text or "", form)
    except (ValueError, OverflowError):
        raise UnusableError(OTHER_FORMAT) from None
    if moment.tzinfo is not None or zone is None:
        return moment.isoformat()
    earlier, later = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() != later.utcoffset():
        back = earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        raise UnusableError(AMBIGUOUS if back == moment else SKIPPED)
    return earlier.isoformat()


def plain_sources(places: Sequence[Place]) -> tuple[Source, ...]:
    """Those of some places that are paths, which readers follow by themselves."""
    return tuple(place for place in places if isinstance(place, Source))
