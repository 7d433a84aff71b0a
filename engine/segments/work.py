"""The work directory of a run: its segments and folded units, so that a run that was killed goes on.

WORK/run.json     what is run: inputs, settings, key; another run is refused here
WORK/lock         held while somebody works here; dies with its process
WORK/segments/    measured calls (``segment``)
WORK/units/       what later stages made, a file a unit and stage, or one a stage (``arrays``)
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import make_folder, opener, write_file
from gauger.engine.segments.deliveries import Redelivered
from gauger.engine.segments.feature_file import FeatureFile
from gauger.engine.segments.segment import FOOTER, Account, Segment, SegmentWriter

_ANOTHER = (
    "{}: holds a run that was not finished, of other inputs, settings or reference days, or of another version; "
    "run that one again to finish it, or give --fresh to forget it"
)
_RUN, _LOCK, _SEGMENTS, _UNITS, _NOTE = "run.json", "lock", "segments", "units", "note "


class Work:
    """A work directory, locked."""

    def __init__(self, path: Path, run: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Begin, or go on where a run of the same things stopped.

        run : all that results depend on, as JSON
        fresh : forget what is there
        Raises StateError when somebody works here, or another run was left here.
        """
        self.path, self._redelivered = path, Redelivered.nothing()
        try:
            make_folder(path)
            if not (path / _LOCK).exists() and any(path.iterdir()):
                raise StateError(f"{path}: holds files that are not of a run; choose an empty or a new --work")
            self._lock = open(path / _LOCK, "a+b", opener=opener)  # noqa: SIM115 (held for as long as the run goes on)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StateError(f"{path}: another run works here; wait for it, or choose another --work") from None
        except OSError as error:
            reason = f"cannot make the work directory ({error.strerror})"
            raise StateError(f"{path}: {reason}; choose another --work") from None
        try:
            self._begin(orjson.dumps(run, option=orjson.OPT_SORT_KEYS), fresh=fresh)
        except BaseException:
            self.close()
            raise

    def _begin(self, run: bytes, *, fresh: bool) -> None:
        if fresh:
            self._clear()
        self._claim(run)
        for name in (_SEGMENTS, _UNITS):
            make_folder(self.path / name)
        for left in self.path.glob("*/.*.partial"):
            left.unlink()
        self._forget_uncommitted()

    def _claim(self, run: bytes) -> None:
        found = self.path / _RUN
        if found.exists():
            if found.read_bytes() == run:
                return
            if self._bases():  # else nothing was done that would be lost
                raise StateError(_ANOTHER.format(self.path))
        self._clear()  # what is here is of a run that was done, and killed while it tidied up
        temporary = found.with_suffix(".partial")
        write_file(temporary, run)
        os.replace(temporary, found)

    def agree(self, name: str, value: Any) -> None:
        """Note something that results depend on and that is not known at the start.

        Raises StateError where the run that is gone on with noted another value.
        """
        found, content = self.path / f"{_NOTE}{name}.json", orjson.dumps(value)
        if not found.exists():
            temporary = found.with_suffix(".partial")
            write_file(temporary, content)
            os.replace(temporary, found)
        elif found.read_bytes() != content:
            raise StateError(_ANOTHER.format(self.path))

    def _clear(self) -> None:
        for name in (_SEGMENTS, _UNITS):
            shutil.rmtree(self.path / name, ignore_errors=True)
        begun = (self.path / _RUN).with_suffix(".partial")  # a kill may leave a note half written
        notes = (file for kind in ("json", "partial") for file in self.path.glob(f"{_NOTE}*.{kind}"))
        for note in (self.path / _RUN, begun, *notes):
            note.unlink(missing_ok=True)

    def _forget_uncommitted(self) -> None:
        """Remove what a killed run left of a segment that it had not committed."""
        whole = {base.name for base in self._bases()}
        for file in (self.path / _SEGMENTS).iterdir():
            if file.name.split(".")[0] not in whole:
                file.unlink()

    def _bases(self) -> list[Path]:
        return sorted(file.with_suffix("") for file in (self.path / _SEGMENTS).glob(f"*{FOOTER}"))

    def segments(self) -> list[Segment]:
        """The committed segments, in order of the input, without what is known to be delivered before."""
        return [Segment(base, number, self.redelivered) for number, base in enumerate(self._bases())]

    @property
    def redelivered(self) -> Redelivered:
        """The rows that were delivered before; none as long as nobody looked for them."""
        if len(self._redelivered) == 0:
            self._redelivered = Redelivered.load(self.once("redeliveries"))
        return self._redelivered

    def account(self) -> Account:
        """What became of the input so far."""
        total = Account()
        for segment in self.segments():
            total.add(segment.account())
        total.redeliver(self.redelivered.file, self.redelivered.time)
        return total

    def next_segment(self) -> SegmentWriter:
        """The writer of the segment after those that are there."""
        return SegmentWriter(self.path / _SEGMENTS, len(self._bases()))

    def unit(self, stage: str, number: int) -> Path:
        """The file of a unit of a stage."""
        return self.path / _UNITS / f"{stage}-{number:02d}.arrays"

    def once(self, stage: str) -> Path:
        """The file of a stage that is done once for the whole day."""
        return self.path / _UNITS / f"{stage}.arrays"

    def features(self, found: np.ndarray) -> FeatureFile:
        """A copy of int8[n, FEATURES] on disk, of which only what is asked for takes memory."""
        file = FeatureFile(self.path / _UNITS, len(found))
        file.write(0, found)
        return file

    def prompts(self) -> int:
        """Distinct prompts of all segments, those of several counted in each."""
        return sum(segment.prompts_held for segment in self.segments())

    def prompt_bytes(self) -> int:
        """Bytes of the prompts of all segments."""
        return sum(file.stat().st_size for file in (self.path / _SEGMENTS).glob("*.prompts"))

    def drop_prompts(self) -> None:
        """Remove the prompts of all segments, once families are found: the bulk of what is here."""
        for file in (self.path / _SEGMENTS).glob("*.prompts"):
            file.unlink()

    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())

    def close(self) -> None:
        """Let go of the directory, for a run that goes on later."""
        self._lock.close()

    def finish(self) -> None:
        """The run is done: nothing of it stays. What else lies in the directory is not ours."""
        (self.path / _RUN).unlink()  # first: from here on there is nothing to go on with
        self._clear()
        (self.path / _LOCK).unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            self.path.rmdir()
        self._lock.close()
