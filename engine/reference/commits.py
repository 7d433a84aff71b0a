"""Commits: what a state directory keeps is what STATE/current names, and nothing else.

    STATE/current       one small JSON file: for each part its folder, the digest of its manifest, and the next id
    STATE/parts/        the folders of parts, which never change once they are there

A part is a day (``days/2026-03-09``), what was noted of a held-out day (``checks/2026-03-09``), ``families``,
``campaigns`` or ``decisions``. A commit writes new folders beside the old ones and renames one file, ``current``. So
all its parts are there or none is, and who reads meanwhile reads the commit before it.

Directories of earlier versions have no ``current``: a part's name was its folder. They are read as they are, and the
first commit names those folders where they lie.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.private import write_file
from gauger.engine.state.storage import MANIFEST, read_manifest, sealed, sync, unsealed

CURRENT, PARTS = "current", "parts"
FAMILIES, CAMPAIGNS, DAYS, CHECKS, DECISIONS = "families", "campaigns", "days", "checks", "decisions"
_FORMAT = 1
_COSTS = {
    DAYS: "without it the day is no reference and in no week; score its log again with --replace-day",
    CHECKS: "without it the day counts no more in the measured false-positive rate",
    FAMILIES: "without it families of earlier days get new ids",
    CAMPAIGNS: "without it findings of earlier days get new numbers and lose their history",
    DECISIONS: "without it what people decided counts no more, and honest findings are raised again",
}


@dataclass(frozen=True)
class Named:
    """A part as a commit names it."""

    folder: str  # below the state directory
    digest: str  # of its manifest, SHA-256; the manifest has those of the tables
    next_id: int | None = None  # of what gives ids: kept here too, so that no damage makes one come twice


@dataclass(frozen=True)
class Commit:
    """What one commit keeps. The folders may go when a later commit names others."""

    root: Path
    key_id: str
    parts: Mapping[str, Named]

    def days(self, kind: str = DAYS) -> list[date]:
        """The days of which there is a part of a kind, oldest first."""
        names = (name.partition("/") for name in self.parts)
        return sorted(date.fromisoformat(day) for of, _, day in names if of == kind and day)

    def ids(self) -> tuple[str, ...]:
        """What the parts are that ids are given from: the same as long as nobody gave any."""
        return tuple(self.parts[name].digest if name in self.parts else "" for name in (FAMILIES, CAMPAIGNS))

    @contextmanager
    def reading(self, name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The folder of a part and its manifest, checked. Raises DamagedError, which names the part and what it costs.

        Raises StateError for another key or format, and where there is no such part.
        """
        if name not in self.parts:
            raise StateError(f"{self.root}: {name} is not kept")
        folder = self.root / self.parts[name].folder
        try:
            if manifest_digest(folder) != self.parts[name].digest:
                raise DamagedError(f"{folder}: not the folder that was kept", "")
            yield folder, read_manifest(folder, self.key_id)
        except DamagedError as error:
            raise DamagedError(f"{self.root}: {name} is damaged ({error.what})", cost_of(name)) from None


def cost_of(name: str) -> str:
    """What is lost with a part, and what to do."""
    remedy = "gauger state prune --damaged goes on without it"
    return f"{_COSTS[name.partition('/')[0]]}; {remedy}"


def manifest_digest(folder: Path) -> str:
    """The digest of a folder's manifest, hence of everything in it."""
    try:
        return sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        raise DamagedError(f"{folder}: no readable {MANIFEST}", "this is not a complete gauger state") from None


def holds_anything(root: Path) -> bool:
    """Whether a directory keeps something, whatever key it was made with."""
    return (root / CURRENT).exists() or bool(_earlier_parts(root))


def read_commit(root: Path, key_id: str) -> Commit:
    """The commit that holds now. Raises StateError where its file is damaged, or of another key or version."""
    place = root / CURRENT
    for _ in range(2):  # a first commit may come between the questions
        try:
            if place.exists():
                return _parsed(place, place.read_bytes(), key_id)
            if not (root / PARTS).exists():
                return Commit(root, key_id, _earlier_parts(root))
        except OSError as error:
            if not place.exists():
                raise StateError(f"{root}: cannot be read ({error.strerror})") from None
    raise DamagedError(f"{place}: missing", _NOTHING)


_NOTHING = "without it nothing that was kept can be found; put the directory back from a backup, or begin another one"


def _parsed(place: Path, content: bytes, key_id: str) -> Commit:
    document = unsealed(content)
    if document is None:
        raise DamagedError(f"{place}: damaged", _NOTHING)
    if document["format"] != _FORMAT:
        raise StateError(f"{place}: format {document['format']}, this version reads {_FORMAT}")
    if document["key_id"] != key_id:
        raise StateError(
            f"{place.parent}: made with key {document['key_id']}, but the key here is {key_id}; "
            "use that key or another --state"
        )
    return Commit(place.parent, key_id, {name: Named(**part) for name, part in document["parts"].items()})


def _earlier_parts(root: Path) -> dict[str, Named]:
    """The parts of a directory of an earlier version, which kept each in the folder of its name."""
    names = [FAMILIES, CAMPAIGNS]
    for kind in (DAYS, CHECKS):
        with suppress(FileNotFoundError):
            # A replacement killed halfway left the old folder under another name: it still is that day.
            found = {folder.name.removeprefix(".").removesuffix(".old") for folder in (root / kind).iterdir()}
            names += [f"{kind}/{name}" for name in sorted(found) if _is_day(name)]
    parts = {}
    for name in names:
        for folder in (root / name, (root / name).with_name(f".{Path(name).name}.old")):
            if (folder / MANIFEST).is_file():  # without one it did not happen
                content = (folder / MANIFEST).read_bytes()
                next_id = (unsealed(content) or {}).get("next_id")
                parts[name] = Named(str(folder.relative_to(root)), sha256(content).hexdigest(), next_id)
                break
    return parts


def _is_day(name: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(name).isoformat() == name
    return False


def write_commit(commit: Commit) -> None:
    """Make a commit the one that holds, durably, by renaming one file."""
    parts = {}
    for name, part in commit.parts.items():
        parts[name] = {"folder": part.folder, "digest": part.digest, "next_id": part.next_id}
    temporary = commit.root / f".{CURRENT}.new"
    write_file(temporary, sealed({"format": _FORMAT, "key_id": commit.key_id, "parts": parts}))
    sync(temporary)
    temporary.replace(commit.root / CURRENT)
    sync(commit.root)
