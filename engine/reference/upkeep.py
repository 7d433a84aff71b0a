"""Looking after a state directory: what is in it, is it whole, and what goes out of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.known import KnownFindings
from gauger.engine.reference.commits import CAMPAIGNS, DAYS, DECISIONS, FAMILIES, Commit, cost_of
from gauger.engine.reference.directory import Found, Kept, StateDirectory
from gauger.engine.reference.kept_days import account_ids, parts_of, without_account
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import read_findings, save_findings
from gauger.engine.reference.retention import tomorrow
from gauger.engine.reference.writing import Writing, leftovers
from gauger.engine.state.storage import damaged_files, read_table


@dataclass(frozen=True)
class Entry:
    """A part that is kept."""

    name: str
    bytes: int
    manifest: dict[str, Any] | None  # None: damaged
    rows: int = 0  # families, or campaigns


def entries(directory: StateDirectory) -> tuple[list[Entry], int]:
    """Every part that is kept, and the bytes of folders that no longer are, which the next writer removes."""

    def ask(commit: Commit) -> tuple[list[Entry], int]:
        found = []
        for name, part in sorted(commit.parts.items()):
            try:
                with commit.reading(name) as (folder, manifest):
                    rows = read_table(folder, name).num_rows if name in (FAMILIES, CAMPAIGNS) else 0
                    found.append(Entry(name, _size(folder), manifest, rows))
            except DamagedError:
                found.append(Entry(name, _size(commit.root / part.folder), None))
        return found, sum(map(_size, leftovers(commit)))

    return _undisturbed(directory, ask, lambda found: all(entry.manifest is not None for entry in found[0]))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def damage(directory: StateDirectory) -> dict[str, str]:
    """What is wrong with each damaged part and what that costs, by its name; every file is read."""
    found = _undisturbed(directory, lambda commit: dict(_wrong(commit)), lambda found: not found)
    return {name: str(error) for name, error in found.items()}


def _wrong(commit: Commit) -> Iterator[tuple[str, StateError]]:
    """Each part that cannot be read: DamagedError where it is damaged, another where another version made it."""
    for name in sorted(commit.parts):
        try:
            with commit.reading(name) as (folder, _):
                files = damaged_files(folder)
            if files:
                yield name, DamagedError(f"{commit.root}: {name} is damaged ({', '.join(files)})", cost_of(name))
        except StateError as error:
            yield name, error


def _undisturbed(directory: StateDirectory, ask: Callable[[Commit], Found], whole: Callable[[Found], bool]) -> Found:
    """The answer to a question about a commit, asked again where damage is seen that may be another's commit."""

    def careful(kept: Kept) -> Found:
        found = ask(kept.commit)
        if not whole(found) and directory.kept().commit.parts != kept.commit.parts:
            raise StateError(f"{directory.path}: another process keeps changing it; try again")
        return found

    return directory.read(careful)


def prune(
    directory: StateDirectory, *, before: date | None = None, retention_days: int | None = None, damaged: bool = False
) -> list[str]:
    """Keep some parts no longer, and return their names.

    before : days before that one, and what was noted of them
    retention_days : days that much older than the newest; and days in the future, which only a stray clock can be of
    damaged : damaged parts; ids that they gave are not given again
    """
    with directory.writing() as writing:
        commit = writing.commit
        if damaged:
            for name in [name for name, error in _wrong(commit) if isinstance(error, DamagedError)]:
                _drop(writing, name)
        if before is not None:
            writing.forget_days(lambda day: day < before)
        if retention_days is not None:
            latest = tomorrow()
            writing.forget_days(lambda day: day > latest)
            writing.forget_old_days(retention_days)
        after = writing.commit.parts
        return [name for name, part in sorted(commit.parts.items()) if after.get(name) != part]


def _drop(writing: Writing, name: str) -> None:
    """Go on without a part. The next id is known to the commit, too."""
    if name not in (FAMILIES, CAMPAIGNS):
        writing.drop(name)
        return
    next_id = writing.commit.parts[name].next_id
    if next_id is None:
        raise StateError(f"{writing.root}: nothing says which ids of {name} were given; put it back from a backup")
    if name == FAMILIES:
        save_families(writing, KnownFamilies(next_id=next_id))
    else:
        save_findings(writing, KnownFindings(next_id=next_id))


def forget(directory: StateDirectory, account: str) -> list[str]:
    """Remove an account from everything that is kept, and return the names of the parts it was in.

    Those are the rows of kept days, with its sampled calls and links and its share in the days' sums, and its hash
    among the accounts of known campaigns. Sums that cannot be taken apart stay: counts of words, accounts and calls.
    """
    with directory.writing() as writing:
        commit, changed = writing.commit, []
        for day in commit.days():
            name = f"{DAYS}/{day}"
            with commit.reading(name) as (folder, manifest):
                if any(account in account_ids(folder, part, directory.secret) for part in parts_of(folder)):
                    _put_without(writing, name, folder, manifest, account)
                    changed.append(name)
        known = read_findings(commit)
        hashed = int(hash_column(directory.secret.key, pa.array([account], pa.string()))[0])
        if any(hashed in one.members for one in known.seen):
            known.seen = [
                replace(one, members={name: day for name, day in one.members.items() if name != hashed})
                for one in known.seen
            ]
            save_findings(writing, known)
            changed.append(CAMPAIGNS)
        decisions = directory.decisions()
        if any(hashed in own.tolist() for own in decisions.members.values()):
            writing.save_decisions(decisions.without_account(hashed))
            changed.append(DECISIONS)
        return changed


def _put_without(writing: Writing, name: str, source: Path, manifest: dict[str, Any], account: str) -> None:
    writing.put(name, lambda folder: without_account(source, folder, manifest, account, writing.secret))
