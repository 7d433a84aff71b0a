"""The state directory: the key, the known families, and the days that may serve as reference.

    STATE/key                     the secret, mode 0600
    STATE/families/               ids and signatures of known families
    STATE/campaigns/              numbers, accounts (hashed) and history of known campaigns
    STATE/days/2026-03-09/        that day's accounts, flagged ones left out; apart from them, flagged accounts of no
                                  finding (lone) and accounts of too few calls (thin)
    STATE/checks/2026-03-09/      what a run against earlier days said of that day: the measured false-positive rate

A day becomes reference when it is ``lag_days`` old: an attack that began yesterday must not be what today is compared
with. The latest days serve, the same weekday among them, because a Sunday is not like a Monday. Days older than
``AGE_MAX_DAYS`` do not serve. Nothing is deleted: a day's folder may be, at any time, by whoever keeps the directory.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.families.known import KnownFamilies
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.keeping import KeptDay, bounded
from gauger.engine.reference.kept_days import LONE, REFERENCE, THIN, has_population, read_population, write_population
from gauger.engine.state.storage import (
    MANIFEST,
    new_folder,
    read_manifest,
    read_table,
    replace_folder,
    settle,
    unpack,
    write_manifest,
    write_table,
)
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from gauger.kernels.sketches import minhash

AGE_MAX_DAYS = 45  # an older day is no reference: people, prompts and models have changed


@dataclass(frozen=True)
class Reference:
    """The days a run is compared with."""

    days: list[str]
    population: Population
    words: WordSketch


class StateDirectory:
    """A directory that outlives a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            (path / "days").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{path}: cannot make the state directory ({error.strerror})") from None
        self.secret = Secret.from_file(path / "key")

    def days(self) -> list[date]:
        """The complete days there are, oldest first."""
        found = []
        for folder in (self.path / "days").iterdir():
            # A replacement killed halfway leaves the old folder under another name: it still is that day.
            name = folder.name.removeprefix(".").removesuffix(".old")
            with suppress(ValueError):  # whatever else lies here is not a day
                found.append(date.fromisoformat(name))
        return sorted({day for day in found if self._complete(day)})

    def _complete(self, day: date) -> bool:
        folder = self.path / "days" / day.isoformat()
        settle(folder)
        return (folder / MANIFEST).is_file()

    def reference_days(self, today: date, settings: Settings) -> list[date]:
        """The days to compare ``today`` with: the latest that are old enough, the same weekday among them."""
        oldest, newest = today - timedelta(days=AGE_MAX_DAYS), today - timedelta(days=settings.lag_days)
        old = [day for day in self.days() if oldest <= day <= newest]
        same = [day for day in old if day.weekday() == today.weekday()][-1:]
        rest = [day for day in old if day not in same]
        return sorted([*same, *rest[max(0, len(rest) - (settings.reference_days - len(same))) :]])

    def stale(self, today: date) -> str | None:
        """A sentence when the state keeps days for a run of ``today``, but all of them too old to be compared with."""
        days = [day for day in self.days() if day < today]
        if not days or days[-1] >= today - timedelta(days=AGE_MAX_DAYS):
            return None
        return (
            f"the newest day kept, {days[-1]}, is more than {AGE_MAX_DAYS} days old, too old to be compared with: "
            "content and timing evidence are not available; score some clean days of last week first"
        )

    def reference(self, today: date, settings: Settings) -> Reference | None:
        """The reference of a day, or None when no day is old enough."""
        days = self.reference_days(today, settings)
        if not days:
            return None
        share = settings.reference_accounts_max // len(days)
        populations, words = [], WordSketch()
        for day in days:
            population, sketch = self._load(day)
            populations.append(bounded(population, share, self.secret))
            words.merge(sketch)
        return Reference([day.isoformat() for day in days], concatenate(populations), words)

    def save_day(self, day: date, kept: KeptDay, words: WordSketch) -> None:
        """Keep a day for later days to be compared with."""
        target = self.path / "days" / day.isoformat()
        folder = new_folder(target)
        write_population(folder, REFERENCE, kept.reference)
        write_population(folder, THIN, kept.thin)
        write_population(folder, LONE, kept.lone)
        write_table(folder, "word_counts", {"count": words.counts.reshape(-1)})
        content = {"kind": "day", "accounts": len(kept.reference), "words": words.total}
        write_manifest(folder, self.secret.key_id, content)
        replace_folder(folder, target)

    def part(self, day: date, part: str) -> Population | None:
        """One part of a kept day, or None where the day was kept without it."""
        folder = self.path / "days" / day.isoformat()
        read_manifest(folder, self.secret.key_id)
        return read_population(folder, part) if has_population(folder, part) else None

    def _load(self, day: date) -> tuple[Population, WordSketch]:
        folder = self.path / "days" / day.isoformat()
        manifest = read_manifest(folder, self.secret.key_id)
        population = read_population(folder, REFERENCE)
        words = WordSketch(total=int(manifest["words"]))
        words.counts[:] = unpack(read_table(folder, "word_counts").column("count"), np.uint32).reshape(
            words.counts.shape
        )
        return population, words

    def check(self, day: date) -> dict[str, Any] | None:
        """What was noted of a held-out day, or None."""
        folder = self.path / "checks" / day.isoformat()
        settle(folder)
        return read_manifest(folder, self.secret.key_id) if folder.exists() else None

    def save_check(self, day: date, content: Mapping[str, Any]) -> None:
        """Note what a run against earlier days said of a held-out day."""
        target = self.path / "checks" / day.isoformat()
        folder = new_folder(target)
        write_manifest(folder, self.secret.key_id, {"kind": "check", **content})
        replace_folder(folder, target)

    def families(self) -> KnownFamilies:
        """The known families; none in a new directory."""
        folder = self.path / "families"
        settle(folder)
        if not folder.exists():
            return KnownFamilies()
        manifest, table = read_manifest(folder, self.secret.key_id), read_table(folder, "families")
        return KnownFamilies(
            ids=unpack(table.column("family_id"), np.int64),
            kinds=unpack(table.column("kind"), np.uint8),
            signatures=unpack(table.column("signature"), np.uint8, (minhash.SLOTS,)),
            last_seen=unpack(table.column("last_seen"), np.int64),
            next_id=int(manifest["next_id"]),
        )

    def save_families(self, known: KnownFamilies) -> None:
        """Keep the known families."""
        folder = new_folder(self.path / "families")
        columns = {
            "family_id": known.ids,
            "kind": known.kinds,
            "signature": known.signatures,
            "last_seen": known.last_seen,
        }
        write_table(folder, "families", columns)
        write_manifest(folder, self.secret.key_id, {"kind": "families", "next_id": known.next_id})
        replace_folder(folder, self.path / "families")
