"""The JSON Schema of column maps, for editors and checks; ``python -m gauger.logs.language.map_schema`` writes it."""

import json
from pathlib import Path
from typing import Any

from gauger.engine.common.schema import RETIRED
from gauger.logs import column_maps
from gauger.logs.column_map import RECORDS
from gauger.logs.converters import CONVERTERS
from gauger.logs.language.map_file import CONDITION_KEYS, TURNS
from gauger.logs.language.map_sources import ORIGINS
from gauger.logs.shaping import KNOWN

_TEXT = {"type": "string"}
_PATH = {"type": "string", "pattern": r"^[^.]+(\.[^.]+)*$"}
_PLAIN = {"type": ["string", "number", "boolean"]}
_TEXTS = {"type": "array", "items": _TEXT}
_LETTER = {"type": "string", "minLength": 1, "maxLength": 1}
_KEYS: dict[str, Any] = {
    "path": _PATH,
    "value": _PLAIN,
    "file": _TEXT,
    "join": {"type": "array", "items": {"$ref": "#/$defs/source"}, "minItems": 2},
    "jmespath": _TEXT,
    "as": {"enum": sorted(CONVERTERS)},
    "match": _TEXT,
    "format": {"type": "string", "pattern": "%"},
    "zone": _TEXT,
    "roles": _PATH,
    "with": _TEXT,
}


def schema() -> dict[str, Any]:
    """The schema, as JSON-like objects."""
    tables = [_table({key: _KEYS[key] for key in (origin, *more)}, [origin]) for origin, more in ORIGINS.items()]
    source = {"anyOf": [_PATH, *tables]}
    sources = {"anyOf": [{"$ref": "#/$defs/source"}, {"type": "array", "items": {"$ref": "#/$defs/source"}}]}
    names = sorted({*KNOWN, *RETIRED})
    whole = _table(
        {
            "name": _TEXT,
            "extends": _TEXT,
            "records": {"enum": sorted(RECORDS)},
            "case": {"const": "blind"},
            "nulls": _TEXTS,
            "line": _TEXT,
            "rows": _PATH,
            "where": {"type": "array", "items": _condition()},
            "pieces": _pieces(),
            "join": _join(),
            "csv": _table({"delimiter": _LETTER, "quote": _LETTER, "encoding": _TEXT}),
            "conversation": _table({"turns": {"enum": sorted(TURNS)}, "injected": _TEXTS}),
            "columns": _table({name: {"$ref": "#/$defs/sources"} for name in names}),
        }
    )
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Column map of gauger"}
    either = {"anyOf": [{"required": ["columns"]}, {"required": ["extends"]}]}
    return {**head, **whole, **either, "$defs": {"source": source, "sources": sources}}


def _table(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    needed = {"required": required} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def _condition() -> dict[str, Any]:
    kinds = {"equals": _PLAIN, "in": {"type": "array", "items": _PLAIN, "minItems": 1}, "matches": _TEXT}
    tests = {**kinds, "present": {"type": "boolean"}}
    table = _table({"path": _PATH, **tests, "not": {"type": "boolean"}}, ["path"])
    assert set(table["properties"]) == set(CONDITION_KEYS)
    return {**table, "oneOf": [{"required": [name]} for name in tests]}


def _pieces() -> dict[str, Any]:
    paths = {"anyOf": [_PATH, {"type": "array", "items": _PATH, "minItems": 1}]}
    table = _table({"text": paths, "by": paths, "order": _PATH, "last": _condition()}, ["text"])
    return {**table, "oneOf": [{"required": ["by", "order"]}, {"required": ["last"]}]}


def _join() -> dict[str, Any]:
    keys = {"anyOf": [_PATH, {"type": "array", "items": _PATH, "minItems": 2, "maxItems": 2}]}
    return _table({"on": keys, "call": _PATH, "with": _PATH}, ["on", "call", "with"])


if __name__ == "__main__":
    place = Path(column_maps.__file__).parent / "schema.json"
    place.write_text(json.dumps(schema(), indent=2) + "\n")
