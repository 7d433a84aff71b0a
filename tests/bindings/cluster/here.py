"""A runner in this process, the oracle of the others: it cuts, mixes and repeats tasks as badly as a cluster may."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gauger.cluster.inputs import in_tasks
from gauger.cluster.run import Found
from gauger.cluster.tasks import Step, units_as_pieces, work_on
from gauger.engine.cluster.pieces import Piece
from gauger.engine.cluster.steps import Measure
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings

Table = list[Piece]


@dataclass(frozen=True)
class Handed:
    """Bytes that everybody has."""

    data: bytes

    def get(self) -> bytes:
        """As in ``Shared``."""
        return self.data


@dataclass
class Here:
    """Runs every task twice, one after another, its pieces in any order."""

    found: Found
    secret: Secret
    tasks: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def share(self, data: bytes) -> Handed:
        """As in ``Runner``."""
        return Handed(data)

    def measured(self, step: Measure) -> Table:
        """As in ``Runner``."""
        table: Table = []
        for task in in_tasks(self.found.inputs, self.tasks):
            with tempfile.TemporaryDirectory() as folder:
                given = task.parts(self.found.column_map, Settings(), self.secret)
                table += step(self.secret, task.name, given, Path(folder))
        return table

    def grouped(self, given: list[tuple[Table, str]], units: int, step: Step, *, moves: bool = True) -> Table:
        """As in ``Runner``."""
        pieces = [piece for table, kind in given for piece in table if piece.kind == kind]
        pieces += [*(units_as_pieces(units) if moves else []), *self.chance.sample(pieces, min(3, len(pieces)))]
        self.chance.shuffle(pieces)
        return list(work_on(pieces, units, step, self.secret))

    def alone(self, given: list[tuple[Table, str]], step: Step, below: int | None = None) -> Table:
        """As in ``Runner``."""
        kept = [
            (table if below is None else [one for one in table if one.shard < below], kind) for table, kind in given
        ]
        return self.grouped(kept, 1, step)

    def collected(self, table: Table, kind: str) -> Iterator[Piece]:
        """As in ``Runner``."""
        yield from (piece for piece in table if piece.kind == kind)

    def done(self) -> None:
        """As in ``Runner``."""
