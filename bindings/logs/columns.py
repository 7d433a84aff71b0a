"""Column maps: where the fields of a foreign log are.

A map is a TOML file::

    name = "litellm"
    records = "lines"                 # or "otlp": every span or GenAI event of an OTLP-JSON document is a row

    [columns]                         # canonical name = where to look; the first that holds something wins
    start_time = "startTime"
    account_id = ["metadata.user_api_key_user_id", "end_user"]
    messages = "messages"             # a whole chat: what it says, and what stands beside it, is told apart

Dots in a path walk into objects, integers into lists, ``*`` takes every element of a list; a field whose name
itself holds dots is found as it stands. ``as`` names one of ``converters.CONVERTERS``.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from gauger.engine.common.errors import ColumnMapError
from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION, RETIRED
from gauger.engine.intake.conversation import DEFAULT, Rules
from gauger.logs import column_maps
from gauger.logs.converters import CONVERTERS, Converter
from gauger.logs.otlp import documents

NAMES = (*CALL_SCHEMA.names, *CONVERSATION)  # that a map may name
BESIDE = ("system_instructions", "tool_definitions")  # of these every source counts, not the first
RecordsOf = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]
# What the objects of a log hold: None, a row each, or what makes, for a file, a function that finds the rows in one.
RECORDS: dict[str, Callable[[], RecordsOf] | None] = {
    "lines": None,
    "otlp": documents.Documents,
    "otlp_spans": documents.Documents,  # the name before logs were read as well
}
# Where a map of such records does not say which are calls.
OPERATIONS = {"otlp": "attributes.gen_ai.operation.name", "otlp_spans": "attributes.gen_ai.operation.name"}


@dataclass(frozen=True)
class Source:
    """One place a column may come from: a dotted path and, perhaps, a converter's name."""

    path: str
    converter: str | None = None

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The path cut at its dots."""
        return tuple(self.path.split("."))

    @cached_property
    def convert(self) -> Converter | None:
        """The converter itself."""
        return CONVERTERS[self.converter] if self.converter else None

    def value(self, record: Any) -> Any:
        """What ``record`` (JSON-like) holds here, converted; None where absent."""
        found = record.get(self.path) if isinstance(record, dict) else None
        if found is None:
            found = walk(record, self.steps)
        return found if found is None or self.convert is None else self.convert(found)


@dataclass(frozen=True)
class ColumnMap:
    """Canonical names to the places to look for them, in order of preference."""

    name: str
    columns: dict[str, tuple[Source, ...]] = field(repr=False)
    records: str = "lines"
    rules: Rules = DEFAULT  # of chats

    def sources(self, wanted: Iterable[str] | None = None) -> dict[str, tuple[Source, ...]]:
        """The sources of the ``wanted`` canonical names (None: all), in schema order, those of a chat behind them.

        Who wants prompts wants the chats that they are in.
        """
        names = set(NAMES) if wanted is None else set(wanted)
        if "prompt_text" in names:
            names |= CONVERSATION.keys()
        return {name: self.columns[name] for name in NAMES if name in names and name in self.columns}


def first_value(record: Any, sources: Iterable[Source]) -> Any:
    """What the first source that holds something holds; an empty text or list if nothing holds more."""
    fallback = None
    for source in sources:
        value = source.value(record)
        if value is not None and value != "" and value != []:
            return value
        fallback = value if fallback is None else fallback
    return fallback


def all_values(record: Any, sources: Iterable[Source]) -> list[Any] | None:
    """What all sources that hold something hold, one after another; None where none does."""
    values = [value for value in (source.value(record) for source in sources) if value not in (None, "", [])]
    return values or None


def load_column_map(name_or_path: str | None) -> ColumnMap:
    """The map of that name (a shipped one) or file; None is the map of canonical and dotted OTel names.

    Raises ``ColumnMapError`` when there is no such map, or it is not valid TOML, or names an unknown column,
    converter or kind of records.
    """
    if name_or_path is None:
        return _identity()
    names = column_maps.names()
    path = column_maps.path_of(name_or_path) if name_or_path in names else Path(name_or_path)
    try:
        return _parse(path.read_bytes(), name_or_path)
    except OSError:
        raise ColumnMapError(
            f"{name_or_path}: no such column map; give a TOML file or one of {', '.join(names)}"
        ) from None


def walk(value: Any, steps: tuple[str, ...]) -> Any:
    """Follow ``steps`` into objects, lists and JSON written as a string; None where they lead nowhere."""
    for position, step in enumerate(steps):
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                return None
        if isinstance(value, dict):
            whole = ".".join(steps[position:])
            if whole in value:
                return value[whole]
            value = value.get(step)
        elif isinstance(value, list) and step == "*":
            return [walk(element, steps[position + 1 :]) for element in value]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _identity() -> ColumnMap:
    columns = {}
    for column in CALL_SCHEMA:
        dotted = column.metadata[b"otel"].decode()
        aliases = () if dotted == column.name else (Source(dotted),)
        columns[column.name] = (Source(column.name), *aliases)
    columns |= {name: (Source(name), Source(dotted)) for name, dotted in CONVERSATION.items()}
    return ColumnMap("canonical", columns)


def _parse(content: bytes, origin: str) -> ColumnMap:
    try:
        document = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ColumnMapError(f"{origin}: not valid TOML: {error}") from None
    known = {"name", "records", "columns"}
    if unknown := sorted(document.keys() - known):
        raise ColumnMapError(f"{origin}: unknown key {unknown[0]}; known are {', '.join(sorted(known))}")
    columns = document.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise ColumnMapError(f"{origin}: no columns; add a [columns] table of canonical name = path")
    columns = {name: value for name, value in columns.items() if name not in RETIRED}
    if unknown := sorted(columns.keys() - set(NAMES)):
        raise ColumnMapError(f"{origin}: unknown column {unknown[0]}; known are {', '.join(NAMES)}")
    records = document.get("records", "lines")
    if records not in RECORDS:
        raise ColumnMapError(f"{origin}: records must be one of {', '.join(RECORDS)}")
    sources = {name: _sources(value, f"{origin}: column {name}") for name, value in columns.items()}
    if records in OPERATIONS:
        sources.setdefault("operation_name", (Source(OPERATIONS[records]),))
    return ColumnMap(str(document.get("name", Path(origin).stem)), _chats_apart(sources), records)


def _chats_apart(sources: dict[str, tuple[Source, ...]]) -> dict[str, tuple[Source, ...]]:
    """Sources of prompts that are whole chats (``as = "messages"``) as sources of ``messages``."""
    prompts = sources.get("prompt_text", ())
    chats = tuple(Source(source.path) for source in prompts if source.converter == "messages")
    texts = tuple(source for source in prompts if source.converter != "messages")
    messages = (*sources.get("messages", ()), *chats)
    # Bedrock keeps a large body elsewhere; a map of one's own need not know it.
    bodies = {source.path.partition("inputBodyJson")[0] for source in messages if "inputBodyJson" in source.path}
    apart = tuple(Source(f"{place}inputBodyS3Path", "elsewhere") for place in sorted(bodies))
    found = {**sources, "prompt_text": texts, "messages": (*messages, *apart)}
    return {name: places for name, places in found.items() if places}


def _sources(value: Any, place: str) -> tuple[Source, ...]:
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise ColumnMapError(f"{place}: names no path")
    return tuple(_source(entry, place) for entry in entries)


def _source(entry: Any, place: str) -> Source:
    if isinstance(entry, str):
        entry = {"path": entry}
    if not isinstance(entry, dict) or entry.keys() - {"path", "as"}:
        raise ColumnMapError(f'{place}: must be "path", {{ path = "...", as = "..." }} or a list of them')
    path, converter = entry.get("path"), entry.get("as")
    if not isinstance(path, str) or not all(path.split(".")):
        raise ColumnMapError(f'{place}: path must be names joined by dots, such as "metadata.user"')
    if converter is not None and converter not in CONVERTERS:
        raise ColumnMapError(f"{place}: unknown converter {converter}; known are {', '.join(CONVERTERS)}")
    return Source(path, converter)
