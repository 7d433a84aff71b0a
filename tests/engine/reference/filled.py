"""Small state directories with a part of every kind, quick to make and to damage; and as earlier versions left them."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.decisions import UNSURE, Decisions, Entry
from gauger.engine.findings.known import KnownFindings, Seen
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference import kept_days
from gauger.engine.reference.directory import Kept, StateDirectory
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import save_findings
from gauger.engine.reference.writing import Writing
from gauger.engine.state.storage import FORMATS
from gauger.kernels.sketches.minhash import SLOTS
from gauger.kernels.text.features import FEATURES
from tests.engine import worlds

DAY = date(2026, 11, 12)
PEOPLE = worlds.population(1, 8, 6)


def known_families(count: int, first: int = 1, seen_us: int = 0) -> KnownFamilies:
    """So many families, numbered from the first on and seen a microsecond apart."""
    known = KnownFamilies()
    chance = np.random.default_rng(first)
    known.remember(
        np.arange(first, first + count),
        chance.integers(0, 3, count).astype(np.uint8),
        chance.integers(0, 256, (count, SLOTS)).astype(np.uint8),
        np.arange(count) + seen_us,
    )
    return known


def known_findings(count: int, members: Collection[int] = (7, 8)) -> KnownFindings:
    """So many campaigns."""
    direction = np.zeros(FEATURES, np.float32)
    return KnownFindings(
        [
            Seen(one + 1, direction, (), dict.fromkeys(members, DAY.toordinal()), ((DAY, 2, 12),))
            for one in range(count)
        ],
        count + 1,
    )


def decisions(count: int, members: Sequence[int] = (7, 8)) -> Decisions:
    """So many decisions, each on a finding of its own."""
    found = Decisions()
    for number in range(1, count + 1):
        entry = Entry(number, number, UNSURE, "why", "who", number, DAY.isoformat(), "campaign", 0.9, len(members))
        found = found.with_entry(entry, np.asarray(members, np.uint64))
    return found


def put_all(writing: Writing, number: int, day: date = DAY) -> None:
    """One change of every kind, all of which say the number."""
    writing.save_day(
        day,
        worlds.kept(worlds.population(number, 8, 6), worlds.ENGINE_SETTINGS, writing.secret),
        WordSketch(total=number),
    )
    writing.save_check(day, {"accounts": 10, "flagged": 0, "alarm_level": 0.001, "number": number})
    save_families(writing, known_families(number))
    save_findings(writing, known_findings(number))
    writing.save_decisions(decisions(number))


def numbers(directory: StateDirectory, day: date = DAY) -> set[int]:
    """The numbers that what is kept says: one, unless commits were mixed."""

    def ask(kept: Kept) -> set[int]:
        found = set()
        for name in (f"days/{day}", f"checks/{day}", "families", "campaigns"):
            if name in kept.commit.parts:
                with kept.commit.reading(name) as (_, manifest):
                    content = {"day": "words", "check": "number"}.get(manifest["kind"])
                    found.add(manifest[content] if content else manifest["next_id"] - 1)
            else:
                found.add(0)
        if "decisions" in kept.commit.parts:  # earlier layouts have none
            found.add(len(kept.decisions().entries))
        return found

    return directory.read(ask)


def filled(path: Path) -> StateDirectory:
    """A directory with two days, a check, families and campaigns."""
    directory = StateDirectory(path)
    with directory.writing() as writing:
        put_all(writing, 2)
        writing.save_day(
            worlds.DAY.date(), worlds.kept(PEOPLE, worlds.ENGINE_SETTINGS, writing.secret), WordSketch(total=2)
        )
    return directory


def as_before(path: Path) -> Path:
    """The same directory, laid out as it was before there were commits."""
    for name, part in StateDirectory(path).kept().commit.parts.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / part.folder).rename(path / name)
    shutil.rmtree(path / "parts", ignore_errors=True)
    for name in ("current", "lock"):
        (path / name).unlink(missing_ok=True)
    return path


@contextmanager
def ids_in_clear(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Days are kept as they were before account ids were sealed: in tables of format 1."""
    with monkeypatch.context() as patch:
        patch.setattr(kept_days, "seal", lambda names, _: pa.array(names, pa.string()))
        patch.setitem(FORMATS, "day", dict.fromkeys(FORMATS["day"], 1))
        yield
