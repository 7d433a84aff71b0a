"""Pieces: bytes on their way from one step of a run to the next, and the folder they are put into where they arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import opener

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("shard", pa.int32()),
        ("name", pa.string()),
        ("part", pa.int32()),
        ("data", pa.binary()),
    ]
)
PART_BYTES = 8 << 20  # of a piece: what an engine moves at a time


class Shared(Protocol):
    """Bytes that every task may ask for."""

    def get(self) -> bytes:
        """Them."""
        ...


@dataclass(frozen=True)
class Piece:
    """Some bytes; those that are too many for one piece are in several, numbered."""

    kind: str
    shard: int  # of accounts or prompts, or a unit of them; 0 where that says nothing
    name: str  # tells pieces of one kind and shard apart, and orders them; a file name
    part: int
    data: bytes

    @classmethod
    def of(cls, kind: str, shard: int, name: str, data: bytes) -> Iterator[Piece]:
        """Pieces of some bytes, at least one."""
        for number, start in enumerate(range(0, max(1, len(data)), PART_BYTES)):
            yield cls(kind, shard, name, number, data[start : start + PART_BYTES])

    @classmethod
    def of_file(cls, kind: str, shard: int, name: str, path: Path) -> Iterator[Piece]:
        """Pieces of a file."""
        with open(path, "rb") as file:
            number, data = 0, file.read(PART_BYTES)
            while data or number == 0:
                yield cls(kind, shard, name, number, data)
                number, data = number + 1, file.read(PART_BYTES)


def batch_of(piece: Piece) -> pa.RecordBatch:
    """A piece as a row of ``SCHEMA``."""
    columns = ([piece.kind], [piece.shard], [piece.name], [piece.part], [piece.data])
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def pieces_of(batches: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """The inverse."""
    for batch in batches:
        for row in zip(*(batch.column(name) for name in SCHEMA.names), strict=True):
            yield Piece(*(value.as_py() for value in row))


class Arrived:
    """Pieces in a folder, in the order of their names whatever order they came in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, piece: Piece) -> None:
        """Put a piece where it belongs. What a repeated task sends twice is there once."""
        place = self.folder / piece.kind / f"{piece.shard:02d}" / piece.name
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(place / f"{piece.part:06d}", "wb", opener=opener) as file:
            file.write(piece.data)

    def units(self, kind: str) -> list[int]:
        """The shards of a kind that something came for."""
        place = self.folder / kind
        return sorted(int(one.name) for one in place.iterdir()) if place.exists() else []

    def each(self, kind: str) -> Iterator[tuple[int, str, bytes]]:
        """Shard, name and bytes of all of a kind, one after another. Raises StateError where a part is missing."""
        for shard, place in self.places(kind):
            yield shard, place.name, b"".join(part.read_bytes() for part in _parts(place))

    def places(self, kind: str) -> Iterator[tuple[int, Path]]:
        """Shard and folder of each."""
        for shard in self.units(kind):
            for place in sorted((self.folder / kind / f"{shard:02d}").iterdir()):
                yield shard, place

    @staticmethod
    def join(place: Path, into: Path) -> None:
        """Write the bytes of a folder of ``places`` into one file."""
        with open(into, "wb", opener=opener) as file:
            for part in _parts(place):
                file.write(part.read_bytes())


def _parts(place: Path) -> list[Path]:
    parts = sorted(place.iterdir())
    if [int(part.name) for part in parts] != list(range(len(parts))):
        raise StateError(f"a part of {place.parent.parent.name} is missing; run again")
    return parts
