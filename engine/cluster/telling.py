"""Accounts as bytes: what became of the rows of some input, told to those who add it up."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import orjson

from gauger.engine.segments.segment import Account, Tally


def told(account: Account) -> bytes:
    """An account as JSON."""
    found: dict[str, Any] = {one.name: getattr(account, one.name) for one in fields(account)}
    found["files"] = {str(file): vars(tally) for file, tally in account.files.items()}
    found["hours"] = {str(hour): number for hour, number in account.hours.items()}
    return orjson.dumps({**found, "columns": sorted(account.columns)})


def untold(data: bytes) -> Account:
    """The inverse."""
    found = orjson.loads(data)
    found["files"] = {int(file): Tally(**tally) for file, tally in found["files"].items()}
    found["hours"] = {int(hour): number for hour, number in found["hours"].items()}
    window = found["window"]
    return Account(**{**found, "columns": set(found["columns"]), "window": None if window is None else tuple(window)})


def without_refused(account: Account) -> Account:
    """The same without the rows that were refused, which may be many."""
    return replace(account, refused_file=[], refused_row=[], refused_reason=[], refused_account=[])
