"""Calls measured into a work directory, as the local runner does it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.intake.parts import Ended, Event, Part
from gauger.engine.plan.measure import Measuring
from gauger.engine.segments.segment import Account
from gauger.engine.segments.work import Work
from tests.engine import calls

RUN = {"run": "a test"}


def parts_of(
    seen: Sequence[calls.Call], columns: Sequence[str] = calls.TEXT_COLUMNS, *, files: int = 2, rows: int = 40
) -> list[Part | Event]:
    """Calls dealt to files, each in parts of so many rows; rows are numbered as ``calls`` numbers them."""
    found: list[Part | Event] = []
    for file in range(files):
        own = list(seen[file::files])
        for start in range(0, len(own), rows):
            piece = own[start : start + rows]
            found.append(Part(calls.batch_of(piece, columns), file, np.asarray([call["row"] for call in piece])))
        found.append(Ended(file))
    return found


def measured(
    work: Work,
    parts: Sequence[Part | Event],
    *,
    settings: Settings = calls.SETTINGS,
    workers: int = 1,
    told: Callable[[Account], None] = lambda _: None,
) -> Account:
    """Measure parts behind what the work directory has; the account of everything."""
    account = work.account()
    for segment in Measuring(work, calls.SECRET, settings, lambda _: None, workers).run(parts, account):
        told(segment)
    return account


@contextmanager
def working(path: Path) -> Iterator[Work]:
    """A work directory of the run under test, let go at the end."""
    work = Work(path, RUN)
    try:
        yield work
    finally:
        work.close()
