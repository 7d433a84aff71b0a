"""Map files: TOML as a column map. ``docs/columns.md`` shows what they can say, ``map_schema`` lists it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gauger.engine.common.documents import NotAFileError, TooLargeError, parsed_toml, read_bounded
from gauger.engine.common.errors import ColumnMapError
from gauger.engine.common.schema import RETIRED
from gauger.engine.intake.conversation import DEFAULT, Rules
from gauger.logs import column_maps
from gauger.logs.column_map import OPERATIONS, RECORDS, ColumnMap, Csv
from gauger.logs.joining import Join
from gauger.logs.language.map_sources import Reader, path_of, pattern
from gauger.logs.language.map_text import MapText, known_names, meant
from gauger.logs.paths import Source
from gauger.logs.pieces import Pieces
from gauger.logs.shaping import KNOWN, Condition, Shape
from gauger.logs.sources import Place, pattern_of, text_of

KEYS = (
    *("name", "extends", "records", "case", "nulls", "line", "rows"),
    *("where", "pieces", "join", "csv", "conversation", "columns"),
)
CONDITION_KEYS = ("path", "equals", "in", "matches", "present", "not")
PIECES_KEYS = ("text", "by", "order", "last")
JOIN_KEYS = ("on", "call", "with")
CSV_KEYS = ("delimiter", "quote", "encoding")
CONVERSATION_KEYS = ("turns", "injected")
TURNS = ("new", "last", "all")
EXTENDS_MAX = 8  # maps on one another


class _Map(NamedTuple):
    text: MapText
    document: dict[str, Any]
    is_blind: bool

    def table(self, key: str, known: tuple[str, ...]) -> dict[str, Any]:
        """A table of the map; raises for what it cannot hold."""
        value = self.document.get(key, {})
        if not isinstance(value, dict):
            self.text.fail((key,), f"{key} must be a table with {', '.join(known)}")
        self.check((key,), value, known)
        return value

    def check(self, place: tuple[str | int, ...], table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.text.fail((*place, key), f"unknown key {key}; {known_names(key, known)}")


def load(name_or_path: str) -> ColumnMap:
    """The map of that name (a shipped one) or file. Raises ``ColumnMapError``."""
    return _load(name_or_path, Path(), ())


def _load(name_or_path: str, folder: Path, before: tuple[Path, ...]) -> ColumnMap:
    """before : the maps that extend this one"""
    names = column_maps.names()
    path = column_maps.path_of(name_or_path) if name_or_path in names else folder / name_or_path
    try:
        content = read_bounded(path)
    except (NotAFileError, TooLargeError) as error:
        raise ColumnMapError(f"{name_or_path}: {error.strerror}; a column map is a small TOML file") from None
    except OSError:
        near, known = meant(name_or_path, names), ", ".join(names)
        raise ColumnMapError(f"{name_or_path}: no such column map; {near}give a TOML file or one of {known}") from None
    origin = name_or_path if name_or_path in names else str(path)
    try:
        document = parsed_toml(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ColumnMapError(f"{origin}: not valid TOML: {error}") from None
    found = _Map(MapText(origin, content.decode("utf-8-sig")), document, document.get("case") == "blind")
    found.check((), document, KEYS)
    if document.get("case", "blind") != "blind":
        found.text.fail(("case",), 'case must be "blind", or be left out')
    if len(before) >= EXTENDS_MAX or path.resolve() in before:
        found.text.fail(("extends",), f"maps extend each other in a circle, or more than {EXTENDS_MAX} deep")
    base = document.get("extends")
    if base is None:
        return _parsed(found, ColumnMap(Path(origin).stem, {}))
    if not isinstance(base, str):
        found.text.fail(("extends",), "extends must be the name of a shipped map, or a file")
    return _parsed(found, _load(base, path.parent, (*before, path.resolve())))


def _parsed(found: _Map, base: ColumnMap) -> ColumnMap:
    """A map, with what it does not say taken from another one."""
    text, document = found.text, found.document
    columns = document.get("columns", {})
    if not isinstance(columns, dict) or not (columns or base.columns):
        text.fail(("columns",), "no columns; add a [columns] table of canonical name = path")
    records = document.get("records", base.records)
    if records not in RECORDS:
        text.fail(("records",), f"records must be one of {', '.join(RECORDS)}")
    read: dict[str, tuple[Place, ...]] = {}
    reader = Reader(text, found.is_blind)
    for name, value in columns.items():
        if name in RETIRED:
            continue
        if name not in KNOWN:
            text.fail(("columns", name), f"unknown column {name}; {known_names(name, KNOWN)}")
        read[name] = () if value == [] and name in base.columns else reader.sources(name, value)
    own = _chats_apart(read)
    kept = {name: _blind(places, found.is_blind) for name, places in base.columns.items() if name not in {*read, *own}}
    if records in OPERATIONS:
        kept.setdefault("operation_name", (Source(OPERATIONS[records]),))
    together = {name: places for name, places in {**kept, **own}.items() if places}
    if records in OPERATIONS:
        together.setdefault("operation_name", (Source(OPERATIONS[records]),))
    return ColumnMap(
        str(document.get("name", Path(text.origin).stem)),
        together,
        records,
        _rules(found, base.rules),
        _shape(found, base.shape),
        _csv(found, base.csv),
        _line(found, base.line),
        found.is_blind or base.is_blind,
        () if text.origin in column_maps.names() else tuple(read),
    )


def _blind(places: tuple[Place, ...], is_blind: bool) -> tuple[Place, ...]:
    return tuple(replace(one, blind=True) if is_blind and isinstance(one, Source) else one for one in places)


def _chats_apart(sources: dict[str, tuple[Place, ...]]) -> dict[str, tuple[Place, ...]]:
    """Sources of prompts that are whole chats (``as = "messages"``, roles) as sources of ``messages``."""
    prompts = sources.get("prompt_text", ())
    chats = tuple(place for place in prompts if Reader.is_chat(place))
    texts = tuple(place for place in prompts if place not in chats)
    apart = tuple(Source(place.path, None, place.blind) if isinstance(place, Source) else place for place in chats)
    messages = (*sources.get("messages", ()), *apart)
    # Bedrock keeps a large body elsewhere; a map of one's own need not know it.
    paths = [path for place in messages for path in place.paths]
    bodies = sorted({path.partition("inputBodyJson")[0] for path in paths if "inputBodyJson" in path})
    elsewhere = tuple(Source(f"{place}inputBodyS3Path", "elsewhere") for place in bodies)
    found = {**sources, "prompt_text": texts, "messages": (*messages, *elsewhere)}
    return found if chats or elsewhere else sources


def _shape(found: _Map, base: Shape) -> Shape:
    document, text = found.document, found.text
    rows = base.rows
    if "rows" in document:
        rows = tuple(path_of(text, ("rows",), document["rows"], found.is_blind).steps)
    nulls = document.get("nulls", [])
    if not isinstance(nulls, list) or not all(isinstance(one, str) for one in nulls):
        text.fail(("nulls",), 'nulls must be a list of texts, such as ["n/a"]')
    where = document.get("where", [])
    if not isinstance(where, list) or not all(isinstance(one, dict) for one in where):
        text.fail(("where",), "where must be tables: [[where]] with path and a condition")
    conditions = tuple(_condition(found, ("where", number), one) for number, one in enumerate(where))
    pieces, join = _pieces(found, base.pieces), _join(found, base.join)
    if pieces is not None and pieces.order is None and join is not None:
        text.fail(("pieces",), "pieces without order cannot be joined to other records as well")
    return Shape(pieces, rows, join, conditions or base.where, base.nulls | frozenset(nulls))


def _condition(found: _Map, place: tuple[str | int, ...], table: dict[str, Any]) -> Condition:
    text = found.text
    found.check(place, table, CONDITION_KEYS)
    path = path_of(text, (*place, "path"), table.get("path"), found.is_blind)
    tests = [key for key in ("equals", "in", "matches", "present") if key in table]
    if len(tests) != 1:
        text.fail(place, "a condition has a path and one of equals, in, matches, present")
    inverted, value = table.get("not", False), table[tests[0]]
    if not isinstance(inverted, bool) or (tests[0] == "present" and not isinstance(value, bool)):
        text.fail((*place, "not" if not isinstance(inverted, bool) else "present"), "must be true or false")
    if tests[0] == "present":
        return Condition(path, present=value, inverted=inverted)
    if tests[0] == "matches":
        return Condition(path, pattern=pattern(text, (*place, "matches"), value), inverted=inverted)
    values = value if tests[0] == "in" and isinstance(value, list) else [value]
    texts = [text_of(one) for one in values]
    if not texts or None in texts or (tests[0] == "in") != isinstance(value, list):
        text.fail((*place, tests[0]), f"{tests[0]} must be {'a list of plain values' if tests[0] == 'in' else 'plain'}")
    return Condition(path, texts=frozenset(one for one in texts if one is not None), inverted=inverted)


def _line(found: _Map, base: str | None) -> str | None:
    if "line" not in found.document:
        return base
    pattern(found.text, ("line",), found.document["line"], groups_max=None)
    value = str(found.document["line"])
    if not pattern_of(value).groupindex:
        found.text.fail(("line",), 'line must name what it finds, such as "^(?P<time>\\\\S+) (?P<log>.*)$"')
    return value


def _pieces(found: _Map, base: Pieces | None) -> Pieces | None:
    if "pieces" not in found.document:
        return base
    table, text = found.table("pieces", PIECES_KEYS), found.text
    if len(table.keys() & {"order", "last"}) != 1 or ("order" in table and "by" not in table):
        text.fail(("pieces",), "pieces have text and either by and order, or last: what holds of the last piece")
    lists = {
        key: table.get(key, []) if isinstance(table.get(key, []), list) else [table[key]] for key in ("text", "by")
    }
    if not lists["text"]:
        text.fail(("pieces",), "pieces have text: the field that is cut")
    texts, common = (
        tuple(path_of(text, ("pieces", key), one, found.is_blind) for one in given) for key, given in lists.items()
    )
    order = path_of(text, ("pieces", "order"), table["order"], found.is_blind) if "order" in table else None
    if order is None and not isinstance(table["last"], dict):
        text.fail(("pieces", "last"), "last must be a condition, such as { path = \"log\", matches = '\\n$' }")
    last = None if order is not None else _condition(found, ("pieces", "last"), table["last"])
    return Pieces(texts, common, order, last)


def _join(found: _Map, base: Join | None) -> Join | None:
    if "join" not in found.document:
        return base
    table, text = found.table("join", JOIN_KEYS), found.text
    keys = table.get("on")
    both = keys if isinstance(keys, list) and len(keys) == 2 else [keys, keys]
    on = [path_of(text, ("join", "on"), key, found.is_blind) for key in both]
    sides = [path_of(text, ("join", key), table.get(key), found.is_blind) for key in ("call", "with")]
    return Join(on[0], on[1], sides[0], sides[1])


def _csv(found: _Map, base: Csv) -> Csv:
    table = found.table("csv", CSV_KEYS)
    for key in ("delimiter", "quote"):
        if key in table and not (isinstance(table[key], str) and len(table[key]) == 1 and table[key].isascii()):
            found.text.fail(("csv", key), f"{key} must be one ASCII character")
    encoding = table.get("encoding")
    try:
        if encoding is not None:
            "".encode(str(encoding))
    except LookupError:
        found.text.fail(("csv", "encoding"), "unknown encoding; one that Python knows, such as utf-8 or cp1252")
    return replace(base, **table)


def _rules(found: _Map, base: Rules) -> Rules:
    table, text = found.table("conversation", CONVERSATION_KEYS), found.text
    turns, injected = table.get("turns", base.turns), table.get("injected", [])
    if turns not in TURNS:
        text.fail(("conversation", "turns"), f"turns must be one of {', '.join(TURNS)}")
    if not isinstance(injected, list) or not all(isinstance(one, str) and one for one in injected):
        text.fail(("conversation", "injected"), 'injected must be a list of element names, such as ["hint"]')
    if not table:
        return base if base != DEFAULT else DEFAULT
    return Rules(turns, (*base.injected, *injected))
