"""Sources of a column map: what stands in TOML for one place a column may come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jmespath
import re2

from gauger.logs.converters import CONVERTERS
from gauger.logs.language.map_text import MapText, known_names
from gauger.logs.paths import Source
from gauger.logs.sources import (
    Constant,
    Expression,
    FileName,
    Joined,
    Parallel,
    Place,
    Refined,
    compiled,
    pattern_of,
)

# What a source is read from, and which other keys it may have.
ORIGINS = {
    "path": ("as", "match", "format", "zone", "roles"),
    "value": (),
    "file": ("as", "format", "zone"),
    "join": ("with", "as", "match", "format", "zone"),
    "jmespath": ("as", "match", "format", "zone"),
}
Where = tuple[str | int, ...]  # keys down to a value
FORM = '"path", a table such as { path = "...", as = "..." }, or a list of them'


@dataclass(frozen=True)
class Reader:
    """Reads the sources of a map; raises ``ColumnMapError``."""

    text: MapText
    is_blind: bool

    def sources(self, column: str, value: Any) -> tuple[Place, ...]:
        """The sources of a column."""
        entries = value if isinstance(value, list) else [value]
        if not entries:
            self._fail(column, "names no path")
        return tuple(self._source(column, entry) for entry in entries)

    @staticmethod
    def is_chat(place: Place) -> bool:
        """Whether a source of prompts is a whole chat."""
        return isinstance(place, Parallel) or getattr(place, "converter", None) == "messages"

    def _fail(self, column: str, complaint: str, key: str | None = None) -> Any:
        keys: Where = ("columns", column) if key is None else ("columns", column, key)
        self.text.fail(keys, f"column {column}: {complaint}")

    def _source(self, column: str, entry: Any) -> Place:
        if isinstance(entry, str):
            entry = {"path": entry}
        origins = [key for key in ORIGINS if key in entry] if isinstance(entry, dict) else []
        if len(origins) != 1:
            self._fail(column, f"must be {FORM}; a table has one of {', '.join(ORIGINS)}")
        [origin] = origins
        known = (origin, *ORIGINS[origin])
        for key in entry:
            if key not in known:
                self._fail(column, f"must be {FORM}; unknown key {key}; {known_names(key, known)}", key)
        if origin == "path" and entry.keys() <= {"path", "as"}:
            return Source(self._path(column, entry["path"]).path, self._converter(column, entry), self.is_blind)
        if "roles" in entry:
            if len(entry) > 2 or column not in ("messages", "prompt_text"):
                self._fail(column, "roles belong to a path of messages, with nothing else", "roles")
            return Parallel(self._path(column, entry["path"]), self._path(column, entry["roles"], "roles"))
        return self._refined(column, entry, self._origin(column, origin, entry))

    def _origin(self, column: str, origin: str, entry: dict[str, Any]) -> Place:
        value = entry[origin]
        if origin == "path":
            return self._path(column, value)
        if origin == "value":
            if isinstance(value, str | bool | int | float):
                return Constant(value)
            return self._fail(column, "value must be a text, a number, true or false", "value")
        if origin == "file":
            return FileName(pattern(self.text, ("columns", column, "file"), value))
        if origin == "jmespath":
            return self._expression(column, value)
        separator = entry.get("with", "")
        if not isinstance(value, list) or len(value) < 2 or not isinstance(separator, str):
            self._fail(column, "join must be a list of two sources or more, and with a text", "join")
        return Joined(tuple(self._source(column, part) for part in value), separator)

    def _refined(self, column: str, entry: dict[str, Any], origin: Place) -> Place:
        """The source with what else is done to its value."""
        match, form, zone = entry.get("match"), entry.get("format"), entry.get("zone")
        if match is not None:
            match = pattern(self.text, ("columns", column, "match"), match)
        if form is not None and not (isinstance(form, str) and "%" in form):
            self._fail(column, 'format must be one of strptime, such as "%d/%m/%Y %H:%M:%S"', "format")
        try:
            named = None if zone is None else ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._fail(column, "unknown zone; one of the IANA database, such as Europe/Berlin or UTC", "zone")
        converter = self._converter(column, entry)
        if match is None and form is None and named is None and converter is None:
            return origin
        return Refined(origin, match, form, named, converter)

    def _converter(self, column: str, entry: dict[str, Any]) -> str | None:
        converter = entry.get("as")
        if converter is not None and converter not in CONVERTERS:
            self._fail(column, f"unknown converter {converter}; {known_names(str(converter), CONVERTERS)}", "as")
        return converter

    def _expression(self, column: str, value: Any) -> Expression:
        try:
            if isinstance(value, str):
                compiled(value)
                return Expression(value)
        except jmespath.exceptions.JMESPathError as error:
            self._fail(column, f"not a JMESPath expression: {str(error).splitlines()[0]}", "jmespath")
        return self._fail(column, "jmespath must be a text", "jmespath")

    def _path(self, column: str, value: Any, key: str = "path") -> Source:
        return path_of(self.text, ("columns", column, key), value, self.is_blind, f"column {column}: ")


def path_of(text: MapText, place: Where, value: Any, is_blind: bool, label: str = "") -> Source:
    """A dotted path of a map."""
    if not isinstance(value, str) or not all(value.split(".")):
        key = next((one for one in reversed(place) if isinstance(one, str)), "path")
        text.fail(place, f'{label}{key} must be names joined by dots, such as "metadata.user"')
    return Source(value, None, is_blind)


def pattern(text: MapText, place: Where, value: Any, groups_max: int | None = 1) -> str:
    """A pattern of a map: one that RE2 takes, with at most so many groups (None: any number)."""
    groups = -1
    try:
        groups = pattern_of(value).groups if isinstance(value, str) else -1
    except re2.error:
        text.fail(place, f"{place[-1]}: RE2 does not take this pattern (look-around and back-references it has not)")
    if groups < 0 or (groups_max is not None and groups > groups_max):
        text.fail(place, f"{place[-1]} must be a regular expression with one group, or none")
    return str(value)
