"""Paths: dotted names into JSON-like records.

Dots walk into objects, integers into lists, ``*`` takes every element of a list; a field whose name itself holds dots
is found as it stands. JSON written as a string is walked into as well. Below a field that holds headers the name is
that of a header, in any case and shape.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import orjson

from gauger.logs.converters import CONVERTERS, Converter
from gauger.logs.headers import header, holds_headers


@dataclass(frozen=True)
class Source:
    """One place a column may come from: a dotted path and, perhaps, a converter's name."""

    path: str
    converter: str | None = None
    blind: bool = False  # to the case of names

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The path cut at its dots."""
        return tuple(self.path.split("."))

    @cached_property
    def convert(self) -> Converter | None:
        """The converter itself."""
        return CONVERTERS[self.converter] if self.converter else None

    @property
    def paths(self) -> tuple[str, ...]:
        """What it reads of a record."""
        return (self.path,)

    def at(self, path: Path) -> Self:
        """The source in records of the file ``path``: the same in all."""
        return self

    @cached_property
    def _is_direct(self) -> bool:
        """Whether names of objects may be taken as they stand: where headers are, cases differ."""
        return not self.blind and not any(map(holds_headers, self.steps[:-1]))

    def _directly(self, record: Any) -> Any:
        """The usual case, several times as fast as ``walk``: objects within objects."""
        if not self._is_direct:
            return None
        for step in self.steps:
            if type(record) is not dict or step not in record:
                return None
            record = record[step]
        return record

    def found(self, record: Any) -> Any:
        """What ``record`` (JSON-like) holds here, as it stands; None where absent."""
        found = self._directly(record)
        if found is None:
            found = record.get(self.path) if isinstance(record, dict) else None
        return walk(record, self.steps, self.blind) if found is None else found

    def value(self, record: Any) -> Any:
        """The same, converted."""
        found = self.found(record)
        return found if found is None or self.convert is None else self.convert(found)


def is_tail(text: str) -> bool:
    """Whether a text ends an object of JSON that began elsewhere: more braces close in it than open."""
    return text.rstrip().endswith("}") and text.count("}") > text.count("{")


def replaced(record: dict[str, Any], steps: tuple[str, ...], element: Any) -> dict[str, Any]:
    """A copy of ``record`` that holds ``element`` at ``steps``, objects on the way made where there are none."""
    inner = record.get(steps[0]) if len(steps) > 1 else None
    kept = inner if isinstance(inner, dict) else {}
    return {**record, steps[0]: replaced(kept, steps[1:], element) if len(steps) > 1 else element}


def walk(value: Any, steps: tuple[str, ...], blind: bool = False) -> Any:
    """Follow ``steps`` into objects, lists and JSON written as a string; None where they lead nowhere."""
    for position, step in enumerate(steps):
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                return None
        if position and isinstance(value, dict | list) and holds_headers(steps[position - 1]):
            return header(value, step)
        if isinstance(value, dict):
            whole = ".".join(steps[position:])
            if whole in value:
                return value[whole]
            if blind and step not in value:
                named = {str(name).casefold(): inner for name, inner in value.items()}
                if whole.casefold() in named:
                    return named[whole.casefold()]
                value = named.get(step.casefold())
            else:
                value = value.get(step)
        elif isinstance(value, list) and step == "*":
            return [walk(element, steps[position + 1 :], blind) for element in value]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
