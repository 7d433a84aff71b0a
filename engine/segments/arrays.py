"""Named arrays in one file: a header in JSON, then their bytes, of some without zeros. Written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import opener
from gauger.kernels.text.zeros import drop_zeros, restore_zeros, room

CHUNK = 1 << 22  # bytes packed at a time


def packed(values: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The bytes of an array in chunks without their zeros, each with its size before."""
    given = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    spare, chunks = np.empty(room(min(CHUNK, len(given))), np.uint8), []
    for start in range(0, len(given), CHUNK):
        chunk = given[start : start + CHUNK]
        chunks.append((len(chunk), spare[: drop_zeros(chunk, spare)].copy()))
    return chunks


def unpack(chunk: memoryview, into: np.ndarray) -> None:
    """One chunk, into uint8[n] of the size it had before. Raises ValueError for a chunk of another size."""
    if restore_zeros(np.frombuffer(chunk, np.uint8), into) != len(chunk):
        raise ValueError


def encoded(arrays: Mapping[str, np.ndarray], squeeze: Sequence[str] = ()) -> list[bytes | memoryview]:
    """The bytes of some arrays, piece by piece; ``squeeze`` names those that are mostly zeros."""
    header: dict[str, dict[str, Any]] = {}
    pieces: list[bytes | memoryview] = []
    at = 0
    for name, given in arrays.items():
        values = np.ascontiguousarray(given)
        entry = {"dtype": values.dtype.str, "shape": list(values.shape), "offset": at}
        parts = packed(values) if name in squeeze else [(values.nbytes, values.reshape(-1).view(np.uint8))]
        entry["chunks"] = [[size, len(part)] for size, part in parts]
        entry["raw"] = name not in squeeze
        pieces += [part.data for _, part in parts]
        at += sum(len(part) for _, part in parts)
        header[name] = entry
    head = orjson.dumps(header)
    return [len(head).to_bytes(8, "little") + head, *pieces]


def decoded(data: bytes | memoryview) -> dict[str, np.ndarray]:
    """The arrays of ``encoded``. Raises ValueError where they are cut or of another size."""
    head = int.from_bytes(data[:8], "little")
    header = orjson.loads(data[8 : 8 + head])
    with BytesIO(data) as file:
        return {name: _read(file, 8 + head, entry) for name, entry in header.items()}


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], squeeze: Sequence[str] = ()) -> None:
    """Write a file of arrays; ``squeeze`` names those that are mostly zeros."""
    temporary = path.with_name(f".{path.name}.partial")
    with open(temporary, "wb", opener=opener) as file:
        file.writelines(encoded(arrays, squeeze))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_arrays(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Some arrays of a file, or all. Raises StateError where it is missing or cut."""
    try:
        with open(path, "rb") as file:
            head = int.from_bytes(file.read(8), "little")
            header = orjson.loads(file.read(head))
            return {name: _read(file, 8 + head, header[name]) for name in (header if names is None else names)}
    except (OSError, ValueError, KeyError):
        raise StateError(f"{path}: missing or damaged; run again with --fresh") from None


def read_joined(paths: Sequence[Path], name: str) -> np.ndarray:
    """One array of several files, each behind the one before; at least one file. Raises StateError as ``read_arrays``.

    Each is read where it belongs: of a large day there is no room for twice of it.
    """
    ends = np.cumsum([shapes_of(path)[name][0] for path in paths]).tolist()
    found = None
    for path, end in zip(paths, ends, strict=True):
        part = read_arrays(path, [name])[name]
        if found is None:
            found = np.empty((ends[-1], *part.shape[1:]), part.dtype)
        found[end - len(part) : end] = part
    assert found is not None
    return found


def shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """The arrays of a file and their shapes. Raises StateError where it is missing or cut."""
    try:
        with open(path, "rb") as file:
            header = orjson.loads(file.read(int.from_bytes(file.read(8), "little")))
            return {name: tuple(entry["shape"]) for name, entry in header.items()}
    except (OSError, ValueError):
        raise StateError(f"{path}: missing or damaged; run again with --fresh") from None


def _read(file: BufferedReader | BytesIO, start: int, entry: Mapping[str, Any]) -> np.ndarray:
    found = np.empty(entry["shape"], entry["dtype"])
    into, at = found.reshape(-1).view(np.uint8), 0
    file.seek(start + entry["offset"])
    for size, stored in entry["chunks"]:
        if entry["raw"]:
            if file.readinto(into[at : at + size].data) != size:
                raise ValueError
        else:
            unpack(memoryview(file.read(stored)), into[at : at + size])
        at += size
    return found


def text_arrays(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Texts as two arrays: ``ends`` int64 and ``bytes`` uint8."""
    column = pa.array(texts, pa.large_string())
    ends = np.frombuffer(column.buffers()[1], np.int64)[1 : len(column) + 1]
    data = column.buffers()[2]
    return {"ends": ends, "bytes": np.frombuffer(data, np.uint8)[: ends[-1]] if len(ends) else np.zeros(0, np.uint8)}


def text_column(ends: np.ndarray, data: np.ndarray) -> pa.Array:
    """The inverse: large_string."""
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data)))
