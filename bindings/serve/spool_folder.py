"""The spool as ``gauger serve`` keeps it: what hosts wrote is checked, sorted by day, and moved out of their way.

SPOOL/*.open, *.segment            written by hosts, on this machine or copied here from others
SPOOL/days/2026-03-16/             checked files of a day that is not closed
SPOOL/closed/2026-03-16/           those of a day that was scored for good; kept for some days
SPOOL/closed/2026-03-16.names      what they are called: a file that comes again is not taken twice
SPOOL/late/, SPOOL/aside/          files of closed days; damaged, foreign and repeated ones. Nothing is deleted there

Every move is a rename, so that a restart at any moment finds each file in one place.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from gauger.engine.common.errors import InputError
from gauger.engine.common.private import make_folder, write_file
from gauger.engine.common.secret import Secret
from gauger.engine.segments.spool import COMPLETE, OPEN, SpoolReader, is_being_written

DAYS, CLOSED, LATE, ASIDE = "days", "closed", "late", "aside"
_SILENT_SECONDS = 60.0  # an open file nobody holds, not written for so long, is of a host that is gone
_AHEAD, _BEHIND = timedelta(days=1), timedelta(days=30)  # of this machine's clock; days beyond are not taken
_HOSTS_MAX = 10_000


@dataclass
class Taken:
    """What was taken in since this process began."""

    files: int = 0
    bytes: int = 0
    aside: Counter[str] = field(default_factory=Counter)  # files, by why
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)  # what each recorder last said of its calls


class SpoolFolder:
    """One spool. Used by one process."""

    def __init__(self, path: Path, secret: Secret) -> None:
        """Raises OSError where the folders cannot be made."""
        self.path, self._secret, self.taken = path, secret, Taken()
        make_folder(path)
        for name in (DAYS, CLOSED, LATE, ASIDE):
            make_folder(path / name)
        self._finish_closing()

    def take(self) -> None:
        """Check the files that are complete, or whose hosts are gone, and sort them by day."""
        for path in self._regular((COMPLETE, OPEN)):
            try:
                if path.suffix == COMPLETE or _is_left(path):
                    self._take(path)
            except OSError:
                continue  # taken away meanwhile, or not ours to read or move: looked at again, and the others go on

    def _regular(self, suffixes: tuple[str, ...]) -> list[Path]:
        """Regular files of the spool itself, in order of their names."""
        with os.scandir(self.path) as found:
            paths = [Path(entry.path) for entry in found if entry.is_file(follow_symlinks=False)]
        return sorted(path for path in paths if path.suffix in suffixes)

    def _take(self, path: Path) -> None:
        size = path.stat().st_size
        try:
            reader = SpoolReader(path, self._secret)
            reader.verify()
        except InputError as error:
            is_short = "ends before its manifest" in str(error)
            if not is_short or not _is_recent(path):  # else it is still being copied
                self._set_aside(path, "ends before its manifest" if is_short else "damaged or foreign")
            return
        day, folder = reader.day, self.folder(reader.day)
        same = [one for one in (folder / f"{path.stem}{suffix}" for suffix in (COMPLETE, OPEN)) if one.exists()]
        if not self._is_near(day):
            self._set_aside(path, "of a day too far from today")
        elif path.stem in self.names(day) or (same and not (reader.is_complete and same[0].suffix == OPEN)):
            self._set_aside(path, "taken before")
        elif self.is_closed(day):
            self._move(path, self.path / LATE)
            self.taken.aside["late"] += 1
        else:
            make_folder(folder)
            os.replace(path, folder / path.name)
            for one in same:  # a copy of the file from before it was complete
                if one.name != path.name:
                    one.unlink()
            self.taken.files += 1
            self.taken.bytes += size
        self._told(reader)

    @staticmethod
    def _is_near(day: date) -> bool:
        today = datetime.now(UTC).date()
        return today - _BEHIND <= day <= today + _AHEAD

    def _told(self, reader: SpoolReader) -> None:
        hosts, name = self.taken.hosts, str(reader.about.get("recorder", reader.about["name"]))
        if reader.counts and reader.counts.get("at", 0) >= hosts.get(name, {}).get("at", 0):
            hosts.pop(name, None)
            hosts[name] = reader.counts
            while len(hosts) > _HOSTS_MAX:
                del hosts[next(iter(hosts))]

    def _set_aside(self, path: Path, reason: str) -> None:
        self._move(path, self.path / ASIDE)
        self.taken.aside[reason] += 1

    def _move(self, path: Path, folder: Path) -> None:
        place = folder / path.name
        if place.exists():
            place = folder / f"{token_hex(8)}{path.suffix}"
        os.rename(path, place)

    def folder(self, day: date) -> Path:
        """Where the checked files of a day are."""
        return self.path / DAYS / day.isoformat()

    def days(self) -> list[date]:
        """Days that have files and are not closed, oldest first."""
        found = {day for day in _dated(self.path / DAYS) if any(self.folder(day).iterdir())}
        found |= {day for _, day in self._being_written()}
        return sorted(day for day in found if not self.is_closed(day))

    def files(self, day: date) -> list[Path]:
        """The files of a day: those checked, and those that hosts still write."""
        return [*self.checked(day), *(path for path, own in self._being_written() if own == day)]

    def checked(self, day: date) -> list[Path]:
        """The checked files of a day."""
        folder = self.folder(day)
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def _being_written(self) -> list[tuple[Path, date]]:
        """Files that hosts still write, with their days: sealed with the key, and not taken already."""
        found = []
        for path in self._regular((OPEN,)):
            try:
                with closing(SpoolReader(path, self._secret)) as reader:
                    day = reader.day
            except (OSError, InputError, ValueError):
                continue
            taken = any((self.folder(day) / f"{path.stem}{suffix}").exists() for suffix in (COMPLETE, OPEN))
            if self._is_near(day) and not taken and path.stem not in self.names(day):
                found.append((path, day))
        return found

    def is_closed(self, day: date) -> bool:
        """Whether a day was scored for good."""
        return self._names_file(day).exists()

    def names(self, day: date) -> set[str]:
        """What the files of a closed day are called; of another day nothing."""
        file = self._names_file(day)
        return set(file.read_text().split()) if file.exists() else set()

    def _names_file(self, day: date) -> Path:
        return self.path / CLOSED / f"{day.isoformat()}.names"

    def close(self, day: date, files: Sequence[Path]) -> None:
        """Say that a day was scored for good, and move its files out of the way.

        files : that were scored; what came meanwhile is late
        """
        make_folder(self.folder(day))
        names = self._names_file(day)
        temporary = names.with_suffix(".partial")
        write_file(temporary, "\n".join(sorted({path.stem for path in files})).encode())
        os.replace(temporary, names)
        self._put_away(day)

    def _put_away(self, day: date) -> None:
        """Of a closed day: what was scored beside its names, what was not to the late ones."""
        folder, place, names = self.folder(day), self.path / CLOSED / day.isoformat(), self.names(day)
        if not folder.is_dir():
            return
        make_folder(place)
        for path in folder.iterdir():
            self._move(path, place if path.stem in names else self.path / LATE)
            self.taken.aside["late"] += path.stem not in names
        folder.rmdir()

    def _finish_closing(self) -> None:
        """Finish what a restart left half done."""
        for day in list(_dated(self.path / DAYS)):
            if self.is_closed(day):
                self._put_away(day)

    def tidy(self, days_kept: int) -> None:
        """Remove files of days that were closed long ago. Names stay as long as a file of their day would be taken."""
        oldest = datetime.now(UTC).date() - timedelta(days=days_kept)
        for day in _dated(self.path / CLOSED):
            if day < oldest:
                shutil.rmtree(self.path / CLOSED / day.isoformat())
        for names in (self.path / CLOSED).glob("*.names"):
            day_of_names = _day_of(names)
            if day_of_names is not None and day_of_names < datetime.now(UTC).date() - 2 * _BEHIND:
                names.unlink()

    def nbytes(self) -> int:
        """Bytes of all files of days that are not closed."""
        paths = [*self._regular((COMPLETE, OPEN)), *(self.path / DAYS).glob("*/*")]
        return sum(path.stat().st_size for path in paths if path.exists())


def _is_left(path: Path) -> bool:
    """Whether an open file is of a host that is gone."""
    return not _is_recent(path) and not is_being_written(path)


def _is_recent(path: Path) -> bool:
    """Whether a file was written to just now, by a clock that is right."""
    return abs(time.time() - path.stat().st_mtime) <= _SILENT_SECONDS


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.name[:10])
    except ValueError:
        return None


def _dated(folder: Path) -> Iterator[date]:
    for path in folder.iterdir():
        day = _day_of(path) if len(path.name) == 10 else None
        if day is not None and path.is_dir():
            yield day
