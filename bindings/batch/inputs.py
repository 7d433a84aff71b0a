"""The input files of a run: read in parts, with an account of every row; what was read before is passed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.parts import Ended, Event, Part, Refused
from gauger.engine.plan.measure import BLOCK_ROWS, Source
from gauger.engine.segments.segment import Account
from gauger.engine.segments.spool import SpoolReader, is_spool
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import read
from gauger.logs.readers.together import Gathered, SmallFiles
from gauger.stores.elsewhere import streamed
from gauger.text.formats import visible


@dataclass
class Input:
    """One input file and what became of its rows."""

    path: Path
    bytes: int = 0
    sha256: str | None = None
    rows: int = 0
    scored: int = 0
    quarantined: int = 0
    left_out: int = 0  # sound rows that are no calls
    error: str | None = None

    def record(self) -> dict[str, Any]:
        """As the manifest shows it."""
        return {
            "path": visible(str(self.path)),  # a file name need not be text
            "bytes": self.bytes,
            "sha256": self.sha256,
            "rows": self.rows,
            "scored": self.scored,
            "quarantined": self.quarantined,
            "left_out": self.left_out,
            "error": None if self.error is None else visible(self.error),
        }


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with streamed(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Recorded:
    """How files of a spool are read: under a key, and with the settings they were recorded for."""

    secret: Secret
    settings: Settings
    only: bool = False  # whether any other file is refused

    def parts(self, number: int, path: Path, next_row: int, failed: set[int], chosen: Path) -> Iterator[Source]:
        """The calls of a file from a row on; number : of the file; chosen : of the files of its name"""
        error = None
        try:
            if path != chosen:
                raise InputError(f"{path}: the same as {chosen}, which is read")
            with closing(SpoolReader(path, self.secret)) as reader:
                if reader.about.get("gram_width", self.settings.gram_width) != self.settings.gram_width:
                    raise InputError(f"{path}: recorded with or without --short-lines, and scored the other way")
                for part in reader.parts(number, BLOCK_ROWS):
                    if number in failed:
                        break
                    if part.rows[-1] >= next_row:
                        yield part
        except InputError as problem:
            error = visible(str(problem))
        yield Ended(number, error)


def _wholest(paths: Iterable[Path], secret: Secret) -> dict[str, Path]:
    """Of files of a spool with one name, copies of one another, that which is read: of which most is sealed."""
    found: dict[str, Path] = {}
    for path in filter(is_spool, paths):
        other = found.setdefault(path.stem, path)
        if other != path:
            found[path.stem] = max(other, path, key=lambda one: (_sealed_bytes(one, secret), str(one)))
    return found


def _sealed_bytes(path: Path, secret: Secret) -> int:
    try:
        return SpoolReader(path, secret).sealed_bytes()
    except (InputError, OSError):
        return -1


def _check_name(path: Path) -> None:
    """Raise InputError for a file name that is not text: Arrow cannot open it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"{path}: its name is not UTF-8; rename the file") from None


def parts(
    inputs: Sequence[Input],
    column_map: ColumnMap,
    recorded: Recorded,
    so_far: Account,
    failed: set[int],
    first: int = 0,
) -> Iterator[Source]:
    """Every chunk of every file that can be read; files that cannot are said to have ended, and the others go on.

    recorded : how files of a spool are read
    so_far : what was read already; failed : files that nothing more is taken of, by number; first : that of the first
    """
    small = SmallFiles(column_map)
    spools = _wholest((item.path for item in inputs), recorded.secret)
    for number, item in enumerate(inputs, first):
        known = so_far.files.get(number)
        if known is not None and known.ended:
            continue
        if recorded.only or is_spool(item.path):
            next_row = 0 if known is None else known.next_row
            yield from recorded.parts(number, item.path, next_row, failed, chosen=spools.get(item.path.stem, item.path))
            continue
        if known is None and small.take(number, item.path, item.bytes):
            if small.is_full():
                yield from _events(small.give())
            continue
        if not small.is_empty():
            yield from _events(small.give())
        error = None
        try:
            _check_name(item.path)
            for chunk in read(item.path, column_map):
                if number in failed:
                    break
                broken = [row for row, _ in chunk.broken]
                last = max(int(chunk.rows.max(initial=-1)), max(broken, default=-1))
                if known is not None and last < known.next_row:
                    continue
                if broken:
                    yield Refused(number, np.asarray(broken, np.int64), [reason for _, reason in chunk.broken])
                if chunk.batch.num_rows:
                    yield Part(chunk.batch, number, chunk.rows)
        except InputError as problem:
            error = visible(str(problem))  # a file name need not be text, and segments hold nothing else
        yield Ended(number, error)
    if not small.is_empty():
        yield from _events(small.give())


def _events(found: Gathered) -> Iterator[Part | Event]:
    """What was gathered of small files: their rows first, so that each file ends behind them."""
    for number, broken in found.broken:
        yield Refused(number, np.asarray([row for row, _ in broken], np.int64), [reason for _, reason in broken])
    if found.batch.num_rows:
        yield Part(found.batch, found.files, found.rows)
    for number, error in found.ended:
        yield Ended(number, None if error is None else visible(error))


def settle(inputs: Sequence[Input], account: Account) -> None:
    """Write down what became of each file's rows."""
    for number, item in enumerate(inputs):
        tally = account.files.get(number)
        if tally is None:
            continue
        item.rows, item.scored, item.quarantined = tally.rows, tally.scored, tally.refused
        item.left_out = tally.left_out
        if tally.error is not None:
            own = tally.error.startswith((str(item.path), visible(str(item.path))))
            item.error = tally.error if own else f"{item.path}: {tally.error}"
        assert item.rows == item.scored + item.quarantined + item.left_out, f"{item.path}: rows went missing"
