"""Accounts as bytes: what became of the rows of some input, told to those who add it up."""

from __future__ import annotations

from dataclasses import replace

import orjson

from gauger.engine.segments.segment import Account, Tally


def told(account: Account) -> bytes:
    """An account as JSON."""
    return orjson.dumps(account, default=sorted, option=orjson.OPT_NON_STR_KEYS)


def untold(data: bytes) -> Account:
    """The inverse."""
    found = orjson.loads(data)
    files = {int(file): Tally(**tally) for file, tally in found["files"].items()}
    hours = {int(hour): number for hour, number in found["hours"].items()}
    window = None if found["window"] is None else tuple(found["window"])
    return Account(**{**found, "files": files, "hours": hours, "columns": set(found["columns"]), "window": window})


def without_refused(account: Account) -> Account:
    """The same without the rows that were refused, which may be many."""
    return replace(account, refused_file=[], refused_row=[], refused_reason=[], refused_account=[])
