"""The input of a run on many machines: files as tasks, and what must be known of it before any is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gauger.batch.inputs import Input, Recorded, parts
from gauger.engine.cluster.steps import Parts
from gauger.engine.common.errors import InputError, KernelInputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.admission import admit
from gauger.engine.intake.parts import Part
from gauger.engine.plan.finish import first_day
from gauger.engine.plan.measure import BLOCK_ROWS, Source
from gauger.engine.segments.segment import Account
from gauger.engine.segments.spool import is_spool
from gauger.engine.state.metadata import times_of
from gauger.engine.state.state import content_of
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import prepared, survey

_TASK_BYTES = 128 << 20  # of neighbouring files that one task reads


@dataclass(frozen=True)
class Files:
    """Some neighbouring files of a run, for one task."""

    first: int  # number of the first
    paths: list[str]

    @property
    def name(self) -> str:
        """Tells it from others, and orders them."""
        return f"f{self.first:08d}"

    def parts(self, column_map: ColumnMap, settings: Settings, secret: Secret) -> Parts:
        """Its rows."""
        inputs = inputs_of(self.paths)

        def of(failed: set[int]) -> Iterable[Source]:
            ready = prepared(column_map, [item.path for item in inputs])
            return parts(inputs, ready, Recorded(secret, settings), Account(), failed, self.first)

        return of


@dataclass
class Beginning:
    """What the first calls of a run say."""

    novelty_day: str | None = None
    content: str | None = None


def inputs_of(paths: Sequence[str]) -> list[Input]:
    """Files as ``gauger score`` has them. Raises InputError for one that is gone."""
    found = [one for path in paths for one in survey([path]).files]
    if len(found) != len(paths):
        raise InputError(f"{paths[0]}: files went away while they were to be read")
    return [Input(path, path.stat().st_size) for path in found]


def in_tasks(inputs: Sequence[Input], least: int) -> list[Files]:
    """Neighbouring files of not too many bytes together; least : tasks there are to be, where there are files enough"""
    most = min(_TASK_BYTES, max(1, sum(item.bytes for item in inputs) // max(1, least)))
    starts, held = [0], 0
    for number, item in enumerate(inputs):
        if held and held + item.bytes > most:
            starts.append(number)
            held = 0
        held += item.bytes
    bounds = pairwise([*starts, len(inputs)])
    return [Files(low, [str(item.path) for item in inputs[low:high]]) for low, high in bounds if high > low]


def refuse_unfit(column_map: ColumnMap, inputs: Sequence[Input]) -> None:
    """Raise InputError for what several tasks cannot read: files that go together may be in several."""
    for item in inputs:
        if is_spool(item.path):
            raise InputError(f"{item.path}: recorded by a host; that needs one machine: gauger score")
    if column_map.shape.parts and len(inputs) > 1:
        raise InputError(
            f"the column map {column_map.name} puts records of several files together; that needs one machine: "
            "gauger score"
        )


def beginning(inputs: Sequence[Input], column_map: ColumnMap, secret: Secret, settings: Settings) -> Beginning:
    """What is told by the first files that hold calls, read as far as these."""
    found, failed = Beginning(), set[int]()
    for source in parts(inputs, column_map, Recorded(secret, settings), Account(), failed):
        if not isinstance(source, Part):
            continue
        for start in range(0, source.batch.num_rows, BLOCK_ROWS):
            try:
                calls = admit(source.slice(start, BLOCK_ROWS).batch).calls
            except (InputError, KernelInputError):
                failed.update(int(number) for number in np.unique(source.file))
                break
            found.content = found.content or content_of(calls)
            if calls.num_rows:
                found.novelty_day = first_day(times_of(calls)).isoformat()
                return found
    return found
