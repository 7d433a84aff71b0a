"""The work directory of a run: its segments and folded units, so that a run that was killed goes on.

WORK/run.json     what is run: inputs, settings, key; another run is refused here
WORK/lock         held while somebody works here; dies with its process
WORK/segments/    measured calls (``segment``)
WORK/units/       folded accounts, a file a unit and stage (``arrays``)
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from gauger.engine.common.errors import StateError
from gauger.engine.segments.segment import FOOTER, Account, Segment, SegmentWriter

_RUN, _LOCK, _SEGMENTS, _UNITS = "run.json", "lock", "segments", "units"


class Work:
    """A work directory, locked."""

    def __init__(self, path: Path, run: Mapping[str, Any], *, noted: Any = None, fresh: bool = False) -> None:
        """Begin, or go on where a run of the same things stopped.

        run : all that results depend on, as JSON; noted : what ``noted`` says of a run that goes on, as it began
        fresh : forget what is there
        Raises StateError when somebody works here, or another run was left here.
        """
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = open(path / _LOCK, "a+b")  # noqa: SIM115 (held for as long as the run goes on)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StateError(f"{path}: another run works here; wait for it, or choose another --work") from None
        except OSError as error:
            reason = f"cannot make the work directory ({error.strerror})"
            raise StateError(f"{path}: {reason}; choose another --work") from None
        try:
            self._begin({"run": run, "noted": noted}, fresh=fresh)
        except BaseException:
            self.close()
            raise

    def _begin(self, run: Mapping[str, Any], *, fresh: bool) -> None:
        if fresh:
            self._clear()
        self._claim(run)
        for name in (_SEGMENTS, _UNITS):
            (self.path / name).mkdir(exist_ok=True)
        for left in self.path.glob("*/.*.partial"):
            left.unlink()
        self._forget_uncommitted()

    def other_run(self) -> StateError:
        """What is said of a run that is not the one left here."""
        return StateError(
            f"{self.path}: holds a run that was not finished, of other inputs, settings or reference days; "
            "run that one again to finish it, or give --fresh to forget it"
        )

    def _claim(self, run: Mapping[str, Any]) -> None:
        found, given = self.path / _RUN, orjson.dumps(run)
        self.noted: Any = run["noted"]
        if found.exists():
            known = orjson.loads(found.read_bytes())
            if known["run"] != orjson.loads(given)["run"]:
                raise self.other_run()
            self.noted = known["noted"]
            return
        self._clear()  # what is here is of a run that was done, and killed while it tidied up
        temporary = found.with_suffix(".partial")
        temporary.write_bytes(given)
        os.replace(temporary, found)

    def _clear(self) -> None:
        for name in (_SEGMENTS, _UNITS):
            shutil.rmtree(self.path / name, ignore_errors=True)
        (self.path / _RUN).unlink(missing_ok=True)

    def _forget_uncommitted(self) -> None:
        """Remove what a killed run left of a segment that it had not committed."""
        whole = {base.name for base in self._bases()}
        for file in (self.path / _SEGMENTS).iterdir():
            if file.name.split(".")[0] not in whole:
                file.unlink()

    def _bases(self) -> list[Path]:
        return sorted(file.with_suffix("") for file in (self.path / _SEGMENTS).glob(f"*{FOOTER}"))

    def segments(self) -> list[Segment]:
        """The committed segments, in order of the input."""
        return [Segment(base) for base in self._bases()]

    def account(self) -> Account:
        """What became of the input so far."""
        total = Account()
        for segment in self.segments():
            total.add(segment.account())
        return total

    def next_segment(self) -> SegmentWriter:
        """The writer of the segment after those that are there."""
        return SegmentWriter(self.path / _SEGMENTS, len(self._bases()))

    def unit(self, stage: str, number: int) -> Path:
        """The file of a unit of a stage."""
        return self.path / _UNITS / f"{stage}-{number:02d}.arrays"

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
        """The run is done: nothing of it stays."""
        (self.path / _RUN).unlink()  # first: from here on there is nothing to go on with
        shutil.rmtree(self.path)
        self._lock.close()
