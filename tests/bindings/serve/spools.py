"""What tests of the service share: spool files of some days, as hosts leave them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take
from tests.bindings import traffic

SECRET = Secret(b"0123456789abcdef")


@cache
def today() -> date:
    """The UTC day it was when the tests began: midnight may come while they run."""
    return datetime.now(UTC).date()


def rows_of(day: date, accounts: int = 40, seed: int = 1) -> list[dict[str, Any]]:
    """Honest calls of a day, and a template's."""
    start = datetime.combine(day, datetime.min.time(), UTC)
    return [*traffic.honest(accounts, 6, seed, start), *traffic.campaign(25, 12, seed + 1, start)]


def leave(folder: Path, rows: Iterable[Mapping[str, Any]], *, complete: bool = True) -> None:
    """Write calls as a host does; not complete: as one that was killed."""
    files = Spooling(folder, SECRET, Settings(), Limits())
    taken = [take(row)[0] for row in rows]
    files.write(taken)
    files.note({"offered": len(taken), "recorded": len(taken), "dropped": {"queue full": 2}, "at": 1.0})
    if complete:
        files.complete({"offered": len(taken), "recorded": len(taken), "dropped": {"queue full": 2}, "at": 2.0})
    else:
        for file in files._files.values():
            file.discard()


def days_ago(number: int) -> date:
    """A day before today. Two days ago is over at any hour; yesterday stays open for calls that come late."""
    return today() - timedelta(days=number)
