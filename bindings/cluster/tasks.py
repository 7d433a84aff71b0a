"""Tasks: what runs on the machines of a cluster, on pieces that come as a stream and leave as one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from gauger.engine.cluster.pieces import Arrived, Piece, Shared
from gauger.engine.cluster.steps import Measure
from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import KEY, KEY_FILE, Secret, given_secret
from gauger.engine.common.shards import SHARDS

UNIT = "unit"  # a piece that says that there is a unit, perhaps an empty one
Step = Callable[[Secret, int, Arrived, Path], Iterator[Piece]]


def task_secret(key_id: str, handed: str | None = None) -> Secret:
    """The secret of a run, on a machine that works on it: the one handed over, or that of the environment.

    Raises StateError where there is none, or it is another than the run's.
    """
    secret = Secret.from_hex(handed) if handed else given_secret()
    if secret is None:
        raise StateError(f"a worker has no key: set {KEY_FILE} or {KEY} where workers start")
    if secret.key_id != key_id:
        raise StateError(f"a worker has the key {secret.key_id}, this run {key_id}: give all of them the same")
    return secret


def unit_of_shard(shard: int, units: int) -> int:
    """The unit a shard belongs to."""
    return shard * units // SHARDS


def units_as_pieces(units: int) -> list[Piece]:
    """A piece for each unit."""
    return [Piece(UNIT, unit * SHARDS // units, str(unit), 0, b"") for unit in range(units)]


def work_on(pieces: Iterable[Piece], units: int, step: Step, secret: Secret) -> Iterator[Piece]:
    """Put pieces where they belong, then do the units that there are, one after another."""
    with tempfile.TemporaryDirectory(prefix="gauger-") as name:
        folder = Path(name)
        arrived: dict[int, Arrived] = {}
        for piece in pieces:
            unit = unit_of_shard(piece.shard, units)
            if unit not in arrived:
                arrived[unit] = Arrived(folder / f"unit-{unit}")
            if piece.kind != UNIT:
                arrived[unit].put(piece)
        for unit in sorted(arrived):
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                yield from step(secret, unit, arrived[unit], Path(scratch))


class Runner(Protocol):
    """Who runs steps somewhere: Spark, Ray, or a test. A table is whatever it keeps pieces as."""

    def share(self, data: bytes) -> Shared:
        """Have bytes known to all tasks."""
        ...

    def measured(self, step: Measure) -> Any:
        """A table of what ``Measure`` gives of all input."""
        ...

    def grouped(self, given: list[tuple[Any, str]], units: int, step: Step, *, moves: bool = True) -> Any:
        """A table of what a step gives of each unit.

        given : tables, and the kind of pieces that are meant of each
        moves : whether pieces of one unit are in several places; not of a table that is itself of the same units
        """
        ...

    def alone(self, given: list[tuple[Any, str]], step: Step, below: int | None = None) -> Any:
        """A table of what a step gives that has all pieces; below : those of lower shards only"""
        ...

    def collected(self, table: Any, kind: str) -> Iterator[Piece]:
        """Pieces of a kind, here, one after another."""
        ...

    def done(self) -> None:
        """Let go of all tables."""
        ...
