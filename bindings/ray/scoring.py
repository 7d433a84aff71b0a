"""``gauger.ray.score``: files in, tables out. A task reads some files, others fold units of accounts and prompts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayTaskError

from gauger.cluster.inputs import Files, in_tasks
from gauger.cluster.run import Found, Result, looked_up, run
from gauger.cluster.tasks import Step, task_secret, unit_of_shard, units_as_pieces, work_on
from gauger.engine.cluster.pieces import Piece
from gauger.engine.cluster.steps import Measure
from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.logs.columns import ColumnMap

_RETRIES = 3


def score(
    calls: str | Path | Sequence[str | Path],
    *,
    state: str | Path | None,
    out: str | Path,
    secret: Secret | None = None,
    columns: str | None = None,
    settings: Settings | None = None,
    signatures: Sequence[str | Path] = (),
) -> Result:
    """Score calls on Ray and write the findings to ``out``: the tables that ``gauger score`` writes, to the byte.

    calls : files, folders and URLs of any format that tasks can open
    state, out, columns, settings, signatures : as in ``gauger.spark.score``
    secret : the state's, or that of GAUGER_KEY_FILE or GAUGER_KEY unless given. Workers are to have it in one of these
        variables: Ray keeps what it hands to tasks, so the key is not handed to them
    Raises GaugerError as ``gauger score`` does.
    """
    found = looked_up([calls] if isinstance(calls, (str, Path)) else list(calls), columns)
    own = settings or Settings()
    return run(
        lambda key: RayRunner(found, key),
        found,
        out,
        state=state,
        secret=secret,
        settings=own,
        signatures=signatures,
    )


@dataclass(frozen=True)
class Stored:
    """Bytes in the object store."""

    reference: Any

    def get(self) -> bytes:
        """As in ``Shared``."""
        found: bytes = ray.get(self.reference)
        return found


@dataclass(frozen=True)
class Place:
    """Where a piece is."""

    kind: str
    shard: int
    name: str
    part: int
    reference: Any  # of its bytes

    def fetched(self) -> Piece:
        """The piece."""
        return Piece(self.kind, self.shard, self.name, self.part, ray.get(self.reference))


Table = list[Place]


@ray.remote(num_returns="streaming", max_retries=_RETRIES)
def _measure(step: Measure, task: Files, column_map: ColumnMap, key_id: str) -> Iterator[Any]:
    secret = task_secret(key_id)
    with tempfile.TemporaryDirectory(prefix="gauger-") as folder:
        parts = task.parts(column_map, step.settings, secret)
        yield from _told(step(secret, task.name, parts, Path(folder)))


@ray.remote(num_returns="streaming", max_retries=_RETRIES)
def _unit(step: Step, unit: int, units: int, key_id: str, places: Table) -> Iterator[Any]:
    pieces = (place.fetched() for place in places)
    yield from _told(work_on(chain([units_as_pieces(units)[unit]], pieces), units, step, task_secret(key_id)))


def _told(pieces: Iterator[Piece]) -> Iterator[Any]:
    """Of each piece what it is, then its bytes: the driver asks for the one and leaves the other where it lies."""
    for piece in pieces:
        yield piece.kind, piece.shard, piece.name, piece.part
        yield piece.data


def _table(tasks: list[Any]) -> Table:
    """Where all pieces of some tasks are. Raises what a task said, where it was one of our sentences."""
    found = []
    try:
        for given in tasks:
            for said in given:
                kind, shard, name, part = ray.get(said)
                found.append(Place(kind, shard, name, part, next(given)))
    except RayTaskError as error:
        raise (error.cause if isinstance(error.cause, GaugerError) else error) from None
    return found


@dataclass
class RayRunner:
    """A ``Runner`` over Ray's tasks and its object store."""

    found: Found
    secret: Secret

    def share(self, data: bytes) -> Stored:
        """As in ``Runner``."""
        return Stored(ray.put(data))

    def measured(self, step: Measure) -> Table:
        """As in ``Runner``."""
        resources: Any = ray.cluster_resources  # not typed
        tasks = in_tasks(self.found.inputs, int(resources().get("CPU", 1)))
        column_map, key_id = ray.put(self.found.column_map), self.secret.key_id
        return _table([_measure.remote(step, task, column_map, key_id) for task in tasks])

    def grouped(self, given: list[tuple[Table, str]], units: int, step: Step, *, moves: bool = True) -> Table:
        """As in ``Runner``."""
        of_unit: dict[int, Table] = {unit: [] for unit in range(units)} if moves else {}
        for table, kind in given:
            for place in table:
                if place.kind == kind:
                    of_unit.setdefault(unit_of_shard(place.shard, units), []).append(place)
        key_id = self.secret.key_id
        return _table([_unit.remote(step, unit, units, key_id, places) for unit, places in of_unit.items()])

    def alone(self, given: list[tuple[Table, str]], step: Step, below: int | None = None) -> Table:
        """As in ``Runner``."""
        kept = [([one for one in table if below is None or one.shard < below], kind) for table, kind in given]
        return self.grouped(kept, 1, step)

    def collected(self, table: Table, kind: str) -> Iterator[Piece]:
        """As in ``Runner``."""
        yield from (place.fetched() for place in table if place.kind == kind)

    def done(self) -> None:
        """As in ``Runner``: what nobody refers to goes."""
