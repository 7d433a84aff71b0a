"""Writing to a state directory: parts are put beside those that are there, and become what is kept all at once."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import close_file, close_folder, make_folder
from gauger.engine.common.secret import Secret
from gauger.engine.findings.decisions import Decisions
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.commits import (
    CAMPAIGNS,
    CHECKS,
    CURRENT,
    DAYS,
    DECISIONS,
    FAMILIES,
    PARTS,
    Commit,
    Named,
    manifest_digest,
    read_commit,
    write_commit,
)
from gauger.engine.reference.keeping import KeptDay
from gauger.engine.reference.kept_days import write_day
from gauger.engine.reference.lock import WriterLock
from gauger.engine.reference.retention import expired
from gauger.engine.state.storage import damaged_files, new_folder, sync, sync_folder, write_manifest, write_table

_DIGITS = 12  # of a digest in a folder's name


class Writing:
    """The changes of one commit. Made by ``StateDirectory.writing``, under the writer's lock."""

    def __init__(
        self, root: Path, secret: Secret, lock: WriterLock, *, replace_days: bool, own: frozenset[str]
    ) -> None:
        self.root = root
        self.secret = secret
        self._lock = lock
        self._replace_days = replace_days
        self._own = own  # digests of days that may be replaced all the same
        self._changes: dict[str, Named | None] = {}  # None: no longer kept

    @property
    def commit(self) -> Commit:
        """What will be kept: the commit that holds, with the changes so far."""
        now = read_commit(self.root, self.secret.key_id)
        parts = {**now.parts, **self._changes}
        return replace(now, parts={name: part for name, part in parts.items() if part is not None})

    def put(self, name: str, fill: Callable[[Path], Mapping[str, Any]]) -> None:
        """Put a part in place of the one of that name.

        fill : writes its tables into a folder and returns what its manifest says
        """
        self._begin()
        folder = new_folder(self.root / PARTS / name.replace("/", "-"))
        content = fill(folder)
        next_id, before = content.get("next_id"), self.commit.parts.get(name)
        if before is not None and (before.next_id or 0) > (next_id or 0):
            raise StateError(f"{self.root}: ids of {name} below {before.next_id} were given already")
        write_manifest(folder, self.secret.key_id, content)
        sync_folder(folder)
        digest = manifest_digest(folder)
        self._changes[name] = Named(self._placed(folder, name, digest), digest, next_id)

    def adopt(self, before: Commit, after: Commit) -> None:
        """Keep what a copy of this directory keeps since: that of ``before``, which has committed ``after``."""
        for name, part in after.parts.items():
            if before.parts.get(name) == part:
                continue
            self._begin()
            folder = new_folder(self.root / PARTS / name.replace("/", "-"))
            for file in (after.root / part.folder).iterdir():
                shutil.copyfile(file, folder / file.name)
                close_file(folder / file.name)
            sync_folder(folder)
            if manifest_digest(folder) != part.digest:
                raise StateError(f"{self.root}: {name} came damaged; run again")
            self._changes[name] = replace(part, folder=self._placed(folder, name, part.digest))
        for name in before.parts.keys() - after.parts.keys():
            self.drop(name)

    def drop(self, name: str) -> None:
        """Keep a part no longer."""
        self._begin()
        self._changes[name] = None

    def save_day(self, day: date, kept: KeptDay, words: WordSketch) -> bool:
        """Keep a day's accounts for later days to be compared with; whether that was done.

        A day that is kept already stays as it is, unless it may be replaced (``StateDirectory``).
        """
        if day in self.fixed_days():
            return False
        before = self.digest_of(day)
        self.put(f"{DAYS}/{day}", lambda folder: write_day(folder, kept, words, self.secret))
        if self.digest_of(day) != before:
            self.drop(f"{CHECKS}/{day}")  # it was of other accounts
        return True

    def fixed_days(self) -> list[date]:
        """The days that are kept and may not be replaced."""
        commit = self.commit
        return [] if self._replace_days else [day for day in commit.days() if self.digest_of(day) not in self._own]

    def digest_of(self, day: date | str) -> str:
        """The digest of a kept day; empty where it is not kept."""
        part = self.commit.parts.get(f"{DAYS}/{day}")
        return "" if part is None else part.digest

    def save_decisions(self, decisions: Decisions) -> None:
        """Keep what people decided. Raises StateError where entries that are kept would go."""

        def fill(folder: Path) -> dict[str, Any]:
            numbers = [np.full(len(own), number) for number, own in decisions.members.items()]
            members = {
                "number": np.concatenate([np.zeros(0, np.int64), *numbers]),
                "account": np.concatenate([np.zeros(0, np.uint64), *decisions.members.values()]),
            }
            write_table(folder, "members", members)
            return {"kind": DECISIONS, "entries": decisions.record(), "next_id": len(decisions.entries) + 1}

        self.put(DECISIONS, fill)

    def save_check(self, day: date, content: Mapping[str, Any]) -> None:
        """Note what a run against earlier days said of a held-out day."""
        self.put(f"{CHECKS}/{day}", lambda _: {"kind": "check", **content})

    def forget_old_days(self, retention_days: int) -> None:
        """Keep days no longer that are that much older than the newest, nor what was noted of them."""
        old = expired(self.commit.days(), retention_days)
        self.forget_days(lambda day: bool(old) and day <= old[-1])

    def forget_days(self, wanted: Callable[[date], bool]) -> None:
        """Keep days no longer of which something is true, nor what was noted of them."""
        commit = self.commit
        for kind in (DAYS, CHECKS):
            for day in filter(wanted, commit.days(kind)):
                self.drop(f"{kind}/{day}")

    def finish(self) -> None:
        """Make the changes what is kept, all at once."""
        commit = self.commit
        if commit.parts != read_commit(self.root, self.secret.key_id).parts:
            self._lock.confirm()
            write_commit(commit)
        self._changes.clear()

    def _begin(self) -> None:
        """From the first part on, a file says what is kept: folders in ``parts`` alone mean nothing."""
        if not (self.root / CURRENT).exists():
            write_commit(read_commit(self.root, self.secret.key_id))
        make_folder(self.root / PARTS)
        for name in (PARTS, DAYS, CHECKS):  # earlier versions left them open to others
            close_folder(self.root / name)

    def _placed(self, folder: Path, name: str, digest: str) -> str:
        """Rename a finished folder to its place, which its content alone decides; the place, below the directory.

        The same content is there already where a day is scored again. A folder that was kept is never written to, not
        even where it is damaged by now: then the place has a number.
        """
        stem = f"{PARTS}/{name.replace('/', '-')}-{digest[:_DIGITS]}"
        holding = read_commit(self.root, self.secret.key_id).parts.values()
        named = {part.folder for part in (*holding, *self._changes.values()) if part is not None}
        for number in count():
            place = stem if number == 0 else f"{stem}-{number}"
            target = self.root / place
            if place not in named:
                shutil.rmtree(target, ignore_errors=True)  # what a killed run left
                folder.rename(target)
                sync(target.parent)
                return place
            with suppress(StateError):
                if manifest_digest(target) == digest and not damaged_files(target):
                    shutil.rmtree(folder, ignore_errors=True)
                    return place
        raise AssertionError("count() ends")


def sweep(commit: Commit) -> None:
    """Remove the folders of parts that a commit does not name: earlier ones, and what a killed run left."""
    if not (commit.root / CURRENT).exists():
        return
    for folder in leftovers(commit):
        shutil.rmtree(folder, ignore_errors=True)
    for place in (DAYS, CHECKS):
        with suppress(OSError):  # not empty, or not there
            (commit.root / place).rmdir()


def leftovers(commit: Commit) -> list[Path]:
    """Folders that look like parts and that a commit does not name; whatever else lies in the directory is not ours."""
    root = commit.root
    named = {part.folder for part in commit.parts.values()}
    found: list[Path] = []
    for place in (PARTS, DAYS, CHECKS, ""):
        with suppress(FileNotFoundError):
            found += [folder for folder in (root / place).iterdir() if _ours(place, folder.name)]
    return sorted(folder for folder in found if str(folder.relative_to(root)) not in named)


def _ours(place: str, name: str) -> bool:
    """Whether a folder of that name in that place is a part, or was to become one."""
    bare = name.removeprefix(".").removesuffix(".new").removesuffix(".old")
    if place == "":
        return bare in (FAMILIES, CAMPAIGNS)
    if place == PARTS:
        return bare.startswith((f"{DAYS}-", f"{CHECKS}-", FAMILIES, CAMPAIGNS, DECISIONS))
    with suppress(ValueError):
        return date.fromisoformat(bare).isoformat() == bare
    return False
