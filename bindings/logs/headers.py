"""Headers: one header's value out of the shapes in which logs keep HTTP headers.

An object, whatever the case of its names and whether its values are texts or lists (Go, AWS); a list of objects with
a name and a value (HAR, Envoy, CloudFront); a list of pairs; a flat list of names and values in turn (ASGI, Envoy); the
lines as they went over the wire; any of these as JSON in a string.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson

_NAMES, _VALUES = ("name", "key", "header", "k"), ("value", "values", "val", "v", "stringvalue")
_DEPTH_MAX = 4


def holds_headers(step: str) -> bool:
    """Whether a field of that name holds headers: headers, request_headers, multiValueHeaders and the like."""
    return step.lower().endswith(("headers", "header"))


def header(container: Any, name: str) -> str | None:
    """The first value that says something of the header ``name``, in any case; None where there is none.

    container : JSON-like, in any of the shapes above
    """
    wanted = _folded(name)
    for key, value in _pairs(container, 0):
        if _folded(key) == wanted and (text := _first_text(value, 0)) is not None:
            return text
    return None


def headers(containers: Sequence[dict[str, Any] | None], names: Collection[str], name: str) -> list[str | None]:
    """``header`` of many objects at once; ``names`` are all that they have."""
    wanted = _folded(name)
    alike = [one for one in names if _folded(one) == wanted]
    if len(alike) > 1 or any(str(one).lower() in _NAMES for one in names):
        return [None if one is None else header(one, name) for one in containers]
    values = (None if one is None or not alike else one.get(alike[0]) for one in containers)
    return [None if value is None else _first_text(value, 0) for value in values]


def _folded(name: Any) -> str:
    return _plain(name).strip().rstrip(":").lower().replace("_", "-") if isinstance(name, str | bytes) else ""


def _plain(text: str | bytes) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else text


def _pairs(container: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """Names and values of a container of headers."""
    if isinstance(container, str | bytes):
        container = _parsed(_plain(container))
    if isinstance(container, dict):
        yield from _of_object(container)
    if not isinstance(container, list | tuple) or depth > _DEPTH_MAX:
        return
    if all(isinstance(one, str | bytes) for one in container):
        texts = [_plain(one) for one in container]
        if all(":" in text for text in texts):
            yield from (text.partition(":")[::2] for text in texts)
        else:
            yield from zip(texts[::2], texts[1::2], strict=False)
        return
    for one in container:
        if isinstance(one, list | tuple) and len(one) == 2 and isinstance(one[0], str | bytes):
            yield one[0], one[1]
        else:
            yield from _pairs(one, depth + 1)


def _of_object(container: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """The headers of an object: one that has a name and a value, or many by their names."""
    lowered = {str(key).lower(): value for key, value in container.items()}
    name = next((lowered[key] for key in _NAMES if isinstance(lowered.get(key), str)), None)
    value = next((lowered[key] for key in _VALUES if key in lowered), None)
    if name is not None and value is not None:
        yield name, value
    yield from container.items()


def _parsed(text: str) -> Any:
    """JSON in a string, or the lines of headers in one."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
    return [line for line in text.splitlines() if ":" in line]


def _first_text(value: Any, depth: int) -> str | None:
    if isinstance(value, str | bytes):
        return _plain(value).strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        lowered = {str(key).lower(): inner for key, inner in value.items()}
        value = [lowered[key] for key in _VALUES if key in lowered]
    if isinstance(value, list | tuple) and depth < _DEPTH_MAX:
        return next((text for one in value if (text := _first_text(one, depth + 1)) is not None), None)
    return None
