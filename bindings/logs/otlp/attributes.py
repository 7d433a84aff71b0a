"""Attributes: OTLP's tagged values as plain ones, and the flattened lists of some conventions as lists again."""

import re
from collections.abc import Iterable
from typing import Any

import orjson

from gauger.engine.intake.message_parts import word

_SCALARS = ("stringValue", "boolValue", "doubleValue", "intValue", "bytesValue")
_DEPTH_MAX = 32
_NUMBER = re.compile(r"\d{1,6}")
_STEPS_MAX = 12  # of a flattened name; no convention nests deeper
# Names that OpenInference puts around each element of a list.
_ENVELOPES = ("message", "message_content", "tool_call", "tool", "prompt")
# Attributes that hold an object as JSON text, whose fields are found as attributes of their own.
_WRITTEN = ("llm.invocation_parameters", "langfuse.observation.model.parameters", "metadata")


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; nothing where it is no list."""
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def decoded(pairs: Any) -> dict[str, Any]:
    """Attributes as an object: OTLP's list of {key, value}, or an object that some exporters write."""
    if isinstance(pairs, dict):
        found = dict(pairs)
    else:
        found = {word(pair.get("key")): value(pair.get("value")) for pair in objects(pairs)}
    for name in _WRITTEN:
        if name in found:
            inner = parsed(found[name])
            found |= {f"{name}.{key}": one for key, one in inner.items()} if isinstance(inner, dict) else {}
    return found


def value(tagged: Any, depth: int = 0) -> Any:
    """An OTLP ``AnyValue`` as a plain value; 64-bit integers stay the strings they are written as."""
    if not isinstance(tagged, dict) or depth > _DEPTH_MAX:
        return None
    for tag in _SCALARS:
        if tag in tagged:
            return tagged[tag]
    if isinstance(tagged.get("arrayValue"), dict):
        values = tagged["arrayValue"].get("values")
        return [value(one, depth + 1) for one in values] if isinstance(values, list) else []
    if isinstance(tagged.get("kvlistValue"), dict):
        pairs = objects(tagged["kvlistValue"].get("values"))
        return {word(pair.get("key")): value(pair.get("value"), depth + 1) for pair in pairs}
    return None


def parsed(text: Any) -> Any:
    """What a text holds as JSON; anything else as it is."""
    if isinstance(text, str) and text[:1] in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def numbered(attributes: dict[str, Any], prefix: str) -> list[Any]:
    """The list that attributes ``prefix.0.a``, ``prefix.1.b.0.c`` ... were made of, in the order of their numbers."""
    tree: dict[str, Any] = {}
    start = len(prefix) + 1
    for name, one in attributes.items():
        if name.startswith(prefix) and name[start - 1 : start] == ".":
            _put(tree, name[start:].split(".", _STEPS_MAX), one)
    lists = _with_lists(tree)
    return lists if isinstance(lists, list) else []


def _put(tree: dict[str, Any], steps: list[str], one: Any) -> None:
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):  # both a value and a branch: the branch has more to say
            below = tree[step] = {}
        tree = below
    tree.setdefault(steps[-1], one)


def _with_lists(tree: Any) -> Any:
    """Objects whose every name is a number as lists, without the envelopes around their elements."""
    if not isinstance(tree, dict):
        return tree
    inner = {name: _with_lists(one) for name, one in tree.items()}
    if inner and all(_NUMBER.fullmatch(name) for name in inner):
        return [_bare(inner[name]) for name in _by_number(inner)]
    return inner


def _by_number(names: Iterable[str]) -> list[str]:
    return sorted(names, key=int)


def _bare(element: Any) -> Any:
    if isinstance(element, dict) and len(element) == 1:
        name, inner = next(iter(element.items()))
        if name in _ENVELOPES and isinstance(inner, dict):
            return inner
    return element
