"""The last task: it has the folded accounts and matched prompts of all units, and does what the day as a whole decides.

It works as ``gauger score`` does once all is measured, with the memory and the threads of one machine.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from gauger.batch import outputs
from gauger.batch.score import Scoring
from gauger.cluster.inputs import inputs_of
from gauger.engine.cluster import steps
from gauger.engine.cluster.pieces import Arrived, Piece, Shared
from gauger.engine.cluster.telling import untold
from gauger.engine.common import memory
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.local import Local, LocalRun
from gauger.engine.plan.stored_prompts import StoredPrompts
from gauger.engine.reference.commits import CURRENT, PARTS
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.segments.arrays import write_arrays
from gauger.engine.segments.deliveries import Redelivered
from gauger.engine.segments.segment import Account
from gauger.engine.segments.work import Work
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import prepared

TABLES, STATE = "tables", "state"  # kinds of pieces: files of the results, and of the state directory


def packed(state: StateDirectory) -> bytes:
    """What a state directory keeps, without its key."""
    commit = state.kept().commit
    names = [part.folder for part in commit.parts.values()]
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in (CURRENT, *names):
                if (state.path / name).exists():
                    tar.add(state.path / name, name)
        return file.getvalue()


@dataclass(frozen=True)
class Weigh:
    """Weigh a day whose units are folded and matched."""

    settings: Settings
    units: int
    paths: list[str]
    column_map: ColumnMap
    state: Shared | None
    left_out: int  # files that are no logs
    shared: tuple[SharedFinding, ...] = ()  # findings of other providers

    def __call__(self, secret: Secret, unit: int, arrived: Arrived, folder: Path) -> Iterator[Piece]:
        """Tables of the results; and what is new in the state directory."""
        directory, before = None, set()
        if self.state is not None:
            directory = _unpacked(self.state.get(), folder / "state", secret)
            directory.shared, before = self.shared, _files(directory.path)
        out = folder / "out"
        inputs = inputs_of(self.paths)
        with memory.use(max(memory.free() // 2, 2 * memory.GIB)):
            run = LocalRun(folder / "work", {}, self.settings, directory or secret, Local())
            try:
                _fill(run.work, arrived, self.units)
                run.account = run.work.account()
                outputs.begin(out)
                scoring = Scoring(out, inputs, run, None, self.left_out)
                ready = prepared(self.column_map, [item.path for item in inputs])
                scoring.weigh(ready, None, self.column_map.own)
            finally:
                run.work.close()
        for path in sorted(_files(out)):
            yield from Piece.of_file(TABLES, 0, path, out / path)
        if directory is not None:
            kept = {path for path in _files(directory.path) - before if path.startswith(f"{PARTS}/")}
            for path in sorted({*kept, CURRENT} & _files(directory.path)):
                yield from Piece.of_file(STATE, 0, path, directory.path / path)


def _unpacked(data: bytes, folder: Path, secret: Secret) -> StateDirectory:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(folder, filter="data")
    state = StateDirectory(folder, secret)
    (folder / "key").unlink()  # read, and not to be left on a worker that is killed
    return state


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _fill(work: Work, arrived: Arrived, units: int) -> None:
    """Have a work directory hold what the other tasks made, as if it had been made there."""
    total, words = Account(), WordSketch()
    for _, _, data in arrived.each(steps.ACCOUNT):
        total.add(untold(data))
    for _, _, data in arrived.each(steps.WORDS):
        words.merge(steps.words_from_bytes(data))
    writer = work.next_segment()
    writer.commit(total, words)
    again = [np.frombuffer(data, np.int64).reshape(3, -1) for _, _, data in arrived.each(steps.TAKEN_BACK)]
    if again:
        left = _taken_back(np.concatenate(again, axis=1))
        write_arrays(work.once("redeliveries"), {one.name: getattr(left, one.name) for one in fields(left)})
    for unit, place in arrived.places(steps.FOLDED):
        Arrived.join(place, work.unit(place.name, unit))
    for unit, place in arrived.places(steps.MATCHED):
        Arrived.join(place, work.unit("prompts", unit))
    for _, _, data in arrived.each(steps.MATCHING):
        StoredPrompts(work, units).conclude(steps.matching_of(data))


def _taken_back(rows: np.ndarray) -> Redelivered:
    """Rows of which only the file and the hour are known here; rows : int64[3, n], with how many there are of each"""
    file, hour, number = rows
    none = np.zeros(0, np.int64)
    file, time = np.repeat(file, number).astype(np.int32), np.repeat(hour * HOUR_US, number)
    nowhere = np.full(len(file), -1)
    return Redelivered(nowhere, nowhere, np.zeros((len(file), 2), np.uint64), file, time, none, none)
