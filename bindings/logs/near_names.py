"""Near names: what stands in a log under nearly the name that a column map has for it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_HEAD_BYTES, _HEAD_LINES, _DEPTH_MAX = 256 << 10, 100, 4  # of a file, looked at
_SHOWN, _ALIKE = 3, 0.8


def near_to(path: str, names: Sequence[str]) -> list[str]:
    """Of the dotted ``names`` in a log those that come near to a map's path: in other case, or elsewhere."""
    folded = {name: _folded(name) for name in names}
    wanted = _folded(path)
    same = [name for name, fold in folded.items() if fold == wanted]
    last = [name for name, fold in folded.items() if fold.rpartition(".")[2] == wanted.rpartition(".")[2]]
    close = get_close_matches(wanted, folded.values(), _SHOWN, _ALIKE)
    return same or last or [name for name, fold in folded.items() if fold in close]


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def names_of(path: Path) -> list[str]:
    """Dotted names in the head of a log; none where it cannot be told."""
    try:
        if path.suffix in (".parquet", ".pq"):
            return sorted(_fields(pq.read_schema(path)))
        with pa.input_stream(str(path)) as stream:
            head = stream.read(_HEAD_BYTES)
        found: set[str] = set()
        for line in head.splitlines()[:_HEAD_LINES]:
            if line.lstrip()[:1] in (b"{", b"["):
                found.update(_keys(orjson.loads(line)))
        return sorted(found)
    except (OSError, ValueError, pa.ArrowException):
        return []


def _keys(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, dict)), None)
    if not isinstance(value, dict) or depth > _DEPTH_MAX:
        return
    for name, inner in value.items():
        yield name
        yield from (f"{name}.{more}" for more in _keys(inner, depth + 1))


def _fields(schema: Iterable[pa.Field]) -> Iterator[str]:
    for field in schema:
        yield field.name
        if pa.types.is_struct(field.type):
            yield from (f"{field.name}.{more}" for more in _fields(field.type))
