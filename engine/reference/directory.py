"""The state directory: the key, the known families and campaigns, and the days that may serve as reference.

    STATE/key                     the secret, mode 0600
    STATE/lock                    held by the one process that writes
    STATE/current, STATE/parts/   what is kept, by commits (``commits``)

Of a day its accounts are kept, flagged ones left out; apart from them, flagged accounts of no finding (lone) and
accounts of too few calls (thin). Of a held-out day it is noted what a run against earlier days said of it.

A day becomes reference when it is ``lag_days`` old: an attack that began yesterday must not be what today is compared
with. The latest days serve, the same weekday among them, because a Sunday is not like a Monday. Days older than
``AGE_MAX_DAYS`` do not serve, and ``retention_days`` says when they go.

Nobody who reads waits. Who writes does so inside ``StateDirectory.writing``: one at a time, and all or nothing.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.private import make_folder
from gauger.engine.common.secret import KEY, KEY_FILE, Secret, given_secret
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.decisions import HONEST, Decisions
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.commits import CHECKS, DAYS, DECISIONS, Commit, holds_anything, read_commit
from gauger.engine.reference.keeping import bounded
from gauger.engine.reference.kept_days import (
    DAY_BYTES,
    REFERENCE,
    has_population,
    read_honest,
    read_population,
    read_words,
)
from gauger.engine.reference.kept_families import read_families
from gauger.engine.reference.lock import WriterLock
from gauger.engine.reference.writing import Writing, sweep
from gauger.engine.state.rows import Field
from gauger.engine.state.storage import columns_of, damaged_files, read_table
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population

AGE_MAX_DAYS = 45  # an older day is no reference: people, prompts and models have changed
_ATTEMPTS = 10  # commits that may come between while one thing is read

_MEMBERS: dict[str, Field] = {"number": (np.int64, ()), "account": (np.uint64, ())}

Found = TypeVar("Found")


@dataclass(frozen=True)
class HeldLevel:
    """An alarm level that holds on clean days held out, where the one asked for flags too many."""

    level: float
    sentence: str  # what was measured


@dataclass(frozen=True)
class Reference:
    """The days a run is compared with."""

    days: list[str]
    population: Population
    left_out: list[str] = field(default_factory=list)  # a sentence for each day that is damaged
    held: HeldLevel | None = None  # where the alarm level asked for does not hold on clean days
    vouched: np.ndarray | None = None  # bool[population], accounts of findings that a person decided are honest


@lru_cache(maxsize=128)
def _check_whole(folder: Path, digest: str) -> None:
    """Raise DamagedError where a file of a folder is not the one that was written; asked once of each digest."""
    if files := damaged_files(folder):
        raise DamagedError(", ".join(files), "")


def left_out(error: DamagedError) -> str:
    """What is said of a kept day that is damaged."""
    return f"left out of the reference: {error}"


@dataclass(frozen=True)
class Kept:
    """What one commit keeps, to be read: whatever is asked of it is of the same commit."""

    commit: Commit
    secret: Secret

    def days(self) -> list[date]:
        """The days there are, oldest first."""
        return self.commit.days()

    def reference_days(self, today: date, settings: Settings) -> list[date]:
        """The days to compare ``today`` with: the latest that are old enough, the same weekday among them."""
        return self._latest(today, settings, frozenset())

    def _latest(self, today: date, settings: Settings, without: Collection[date]) -> list[date]:
        oldest, newest = today - timedelta(days=AGE_MAX_DAYS), today - timedelta(days=settings.lag_days)
        old = [day for day in self.days() if oldest <= day <= newest and day not in without]
        same = [day for day in old if day.weekday() == today.weekday()][-1:]
        rest = [day for day in old if day not in same]
        return sorted([*same, *rest[max(0, len(rest) - (settings.reference_days - len(same))) :]])

    def whole_days(self, today: date, settings: Settings) -> tuple[list[date], list[DamagedError]]:
        """The same, of days that can be read; and what is wrong with those that would be in their place."""
        wrong: dict[date, DamagedError] = {}
        while True:
            days = self._latest(today, settings, wrong)
            found = {day: error for day in days if (error := self.damage(day)) is not None}
            if not found:
                return days, list(wrong.values())
            wrong |= found

    def damage(self, day: date) -> DamagedError | None:
        """What is wrong with a kept day, or None; it is read once to be sure.

        Raises StateError where another commit came between, and where the day is of another version.
        """
        name = f"{DAYS}/{day}"
        try:
            with self.commit.reading(name) as (folder, _):
                _check_whole(folder, self.commit.parts[name].digest)
        except DamagedError as error:
            if read_commit(self.commit.root, self.commit.key_id).parts != self.commit.parts:
                raise StateError(f"{self.commit.root}: another process keeps changing it; try again") from None
            return error
        return None

    def reference_digests(self, today: date, settings: Settings) -> list[str]:
        """What tells whether the reference of a day is still the same: its days and all that is in them."""
        names = [f"{DAYS}/{day}" for day in self.whole_days(today, settings)[0]]
        names += [DECISIONS] if DECISIONS in self.commit.parts else []
        return [f"{name} {self.commit.parts[name].digest}" for name in names]

    def reference(self, today: date, settings: Settings) -> Reference | None:
        """The reference of a day, or None when no day is old enough; days that are damaged are left out of it."""
        days, damaged = self.whole_days(today, settings)
        if not days:
            return None
        share = settings.reference_accounts_max // len(days)

        def chosen(day: date) -> Population:
            with self.commit.reading(f"{DAYS}/{day}") as (folder, _):
                return bounded(read_population(folder, REFERENCE, self.secret), share, self.secret)

        populations = threads.each(chosen, days, DAY_BYTES)
        population, vouched = self._with_honest(populations, today, settings)
        names = [day.isoformat() for day in days]
        return Reference(names, population, list(map(left_out, damaged)), vouched=vouched)

    def _with_honest(
        self, populations: list[Population], today: date, settings: Settings
    ) -> tuple[Population, np.ndarray | None]:
        """Populations as one, and with them the accounts of findings that a person decided are honest.

        Those need not be as old as other days: somebody looked at them. bool[n] says which accounts they are.
        """
        whole = concatenate(populations)
        numbers = {entry.campaign_id for entry in self.decisions().that_hold(HONEST)}
        oldest = today - timedelta(days=AGE_MAX_DAYS)
        honest: list[Population] = []
        for day in reversed(self.days() if numbers else []):
            if len(honest) == settings.reference_days or not oldest <= day < today:
                continue
            try:
                with self.commit.reading(f"{DAYS}/{day}") as (folder, _):
                    found = read_honest(folder, numbers, self.secret)
            except DamagedError as error:
                if self.damage(day) is None:
                    raise error from None
                continue
            honest += [] if found is None else [found]
        if not honest:
            return whole, None
        joined = replace(concatenate([*populations, *honest]), background=whole.background)
        return joined, np.arange(len(joined)) >= len(whole)

    def decisions(self) -> Decisions:
        """What people decided of findings."""
        if DECISIONS not in self.commit.parts:
            return Decisions()
        with self.commit.reading(DECISIONS) as (folder, manifest):
            return Decisions.of_record(manifest["entries"], **columns_of(read_table(folder, "members"), _MEMBERS))

    def no_reference(self, today: date, settings: Settings) -> str | None:
        """A sentence why a day has no reference, where the state keeps days before it: all are damaged, or too old."""
        chosen, damaged = self.whole_days(today, settings)
        if not chosen and damaged:
            return left_out(damaged[-1])
        days = [day for day in self.days() if day < today]
        if not days or days[-1] >= today - timedelta(days=AGE_MAX_DAYS):
            return None
        return (
            f"the newest day kept, {days[-1]}, is more than {AGE_MAX_DAYS} days old, too old to be compared with: "
            "content and timing evidence are not available; score some clean days of last week first"
        )

    def words(self, today: date, settings: Settings) -> WordSketch | None:
        """The words of the reference of a day, or None when no day is old enough."""
        words, (days, _) = WordSketch(), self.whole_days(today, settings)
        for day in days:
            with self.commit.reading(f"{DAYS}/{day}") as (folder, manifest):
                words.merge(read_words(folder, manifest))
        return words if days else None

    def part(self, day: date, part: str) -> Population | None:
        """One part of a kept day, or None where the day was kept without it."""
        with self.commit.reading(f"{DAYS}/{day}") as (folder, _):
            return read_population(folder, part, self.secret) if has_population(folder, part) else None

    def check(self, day: date) -> dict[str, Any] | None:
        """What was noted of a held-out day, or None."""
        name = f"{CHECKS}/{day}"
        if name not in self.commit.parts:
            return None
        with self.commit.reading(name) as (_, manifest):
            return manifest


class StateDirectory:
    """A directory that outlives a run, shared by people, jobs and hosts.

    secret : the key of a new directory; StateError where a directory that is there has another
    replace_days : whether a day that is kept already may be replaced by the same day of a later run
    """

    def __init__(self, path: Path, secret: Secret | None = None, *, replace_days: bool = False) -> None:
        self.path = path
        self.replace_days = replace_days
        try:
            make_folder(path)
        except OSError as error:
            raise StateError(f"{path}: cannot make the state directory ({error.strerror})") from None
        secret = secret or given_secret()
        if secret is None and not (path / "key").exists() and holds_anything(path):
            raise StateError(f"{path}: the key is missing, without which nothing kept can be used; put it back")
        self.secret = Secret.from_file(path / "key", secret)
        self.expect(secret)
        self.shared: tuple[SharedFinding, ...] = ()  # findings of other providers that runs with it weigh
        self._lock = WriterLock(path)
        self._writing = 0  # how many changes are open, one inside the other

    def expect(self, secret: Secret | None) -> None:
        """Raise StateError where a secret is given that is not the directory's."""
        if secret is not None and secret.key_id != self.secret.key_id:
            raise StateError(
                f"{self.path}: its key is {self.secret.key_id}, the secret given is {secret.key_id}; "
                f"leave the secret out ({KEY} and {KEY_FILE}, too), or use another directory"
            )

    # Reading

    def kept(self) -> Kept:
        """What is kept now. A later commit may take its folders away: ``read`` tries again then."""
        return Kept(read_commit(self.path, self.secret.key_id), self.secret)

    def read(self, ask: Callable[[Kept], Found]) -> Found:
        """The answer to questions that must all be of one commit; asked again where another came between."""
        for attempt in range(_ATTEMPTS):
            kept = self.kept()
            try:
                return ask(kept)
            except (OSError, StateError):
                if attempt == _ATTEMPTS - 1 or self.kept().commit.parts == kept.commit.parts:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def days(self) -> list[date]:
        """The days there are, oldest first."""
        return self.kept().days()

    def reference_days(self, today: date, settings: Settings) -> list[date]:
        """The days to compare ``today`` with: the latest that are old enough, the same weekday among them."""
        return self.kept().reference_days(today, settings)

    def no_reference(self, today: date, settings: Settings) -> str | None:
        """A sentence why a day has no reference, where the state keeps days before it."""
        return self.read(lambda kept: kept.no_reference(today, settings))

    def reference(self, today: date, settings: Settings) -> Reference | None:
        """The reference of a day, or None when no day is old enough."""
        return self.read(lambda kept: kept.reference(today, settings))

    def words(self, today: date, settings: Settings) -> WordSketch | None:
        """The words of the reference of a day, or None when no day is old enough."""
        return self.read(lambda kept: kept.words(today, settings))

    def part(self, day: date, part: str) -> Population | None:
        """One part of a kept day, or None where the day was kept without it."""
        return self.read(lambda kept: kept.part(day, part))

    def damage(self, day: date) -> DamagedError | None:
        """What is wrong with a kept day, or None."""
        return self.read(lambda kept: kept.damage(day))

    def check(self, day: date) -> dict[str, Any] | None:
        """What was noted of a held-out day, or None."""
        return self.read(lambda kept: kept.check(day))

    def decisions(self) -> Decisions:
        """What people decided of findings."""
        return self.read(lambda kept: kept.decisions())

    def families(self) -> KnownFamilies:
        """The known families; none in a new directory."""
        return self.read(lambda kept: read_families(kept.commit))

    # Writing

    @contextmanager
    def writing(self, own: Iterable[str] = ()) -> Iterator[Writing]:
        """Be the one writer. What is put into what this yields is kept at the end; after an error, nothing of it.

        own : digests of days that the caller kept before and has seen more of since: it may replace them
        Raises StateLockedError at once while somebody else writes. Inside one another, each keeps what was put into it;
        the lock is held to the end of the outermost.
        """
        with self._lock.held():
            writing = Writing(self.path, self.secret, self._lock, replace_days=self.replace_days, own=frozenset(own))
            self._writing += 1
            try:
                yield writing
                writing.finish()
            finally:
                self._writing -= 1
                if not self._writing:
                    with suppress(OSError, StateError):  # the next writer will
                        self._lock.confirm()
                        sweep(self.kept().commit)


def directory_of(state: str | os.PathLike[str] | StateDirectory, secret: Secret | None = None) -> StateDirectory:
    """The state directory of a path, or the one given; its key must be the secret, if there is one."""
    if not isinstance(state, StateDirectory):
        return StateDirectory(Path(state), secret)
    state.expect(secret)
    return state
