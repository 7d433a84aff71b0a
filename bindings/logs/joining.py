"""Joining: a call whose halves are two records, such as a request and its response.

The files are read twice. The first time, records of the other half are kept by their key, as JSON and only with the
fields that the map reads; the second time, each call takes what is kept for it. So calls stay in the order of the log,
and memory is bounded: beyond ``HELD_BYTES_MAX`` nothing more is kept, and calls that miss it say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from gauger.engine.intake import casting
from gauger.logs.paths import Source
from gauger.logs.sources import text_of

HELD_BYTES_MAX = 1 << 30  # of kept records and keys
JOINED = "joined"  # the field under which a call holds the whole other record
_KEY_BYTES = 120  # what Python takes for a key and its place
NO_SIDE = "not a call: belongs to neither side of the map's join"
TAKEN = "not a call: joined to its call by the map"


@dataclass
class Kept:
    """What the first reading found."""

    others: dict[bytes, bytes] = field(default_factory=dict)  # JSON of the record by its key
    calls: set[bytes] = field(default_factory=set)
    held: int = 0  # bytes
    is_full: bool = False
    is_done: bool = False  # with the first reading

    def add(self, key: bytes, record: bytes | None) -> None:
        """Keep a key: of a call, or of a record of the other half, the first of which counts."""
        known = key in self.others if record is not None else key in self.calls
        size = _KEY_BYTES + len(record or b"")
        if known or self.is_full:
            return
        if self.held + size > HELD_BYTES_MAX:
            self.is_full = True
            return
        self.held += size
        if record is None:
            self.calls.add(key)
        else:
            self.others[key] = record


@dataclass(frozen=True)
class Join:
    """How halves find each other."""

    call_key: Source
    other_key: Source
    call: Source  # what a record holds that is a call
    other: Source  # what the other half holds
    kept: Kept | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """What it reads of a record."""
        return (self.call_key.path, self.other_key.path, self.call.path, self.other.path)

    def keep(self, record: dict[str, Any], fields: tuple[str, ...] | None) -> None:
        """Take in a record at the first reading.

        fields : paths of the other half that are read; None for all
        """
        assert self.kept is not None
        is_call, is_other = self._sides(record)
        key = _digest((self.call_key if is_call else self.other_key).value(record))
        if key is None or is_call == is_other:
            return
        if is_call:
            self.kept.add(key, None)
        else:
            kept = record if fields is None else {name: record[name] for name in record if _is_read(name, fields)}
            text = casting.to_json(kept)
            if text is None:  # one field is nested too deeply: the others are there all the same
                text = casting.to_json({name: one for name, one in kept.items() if casting.to_json([one]) is not None})
            self.kept.add(key, (text or "{}").encode())

    def whole(self, record: dict[str, Any]) -> dict[str, Any] | str:
        """A call with the fields of its other half below its own, or why there is none."""
        assert self.kept is not None
        is_call, is_other = self._sides(record)
        if is_call and is_other:
            return record
        if not is_call and not is_other:
            return NO_SIDE
        source = self.call_key if is_call else self.other_key
        key = _digest(source.value(record))
        if key is None:
            return f"{source.path} is missing, by which the map joins"
        if is_call and key in self.kept.others:
            other = orjson.loads(self.kept.others[key])
            return {**other, **record, JOINED: other}
        if is_other and key in self.kept.calls:
            return TAKEN
        if self.kept.is_full:
            return f"not joined: records to join take more than {HELD_BYTES_MAX >> 20} MB; give fewer files at a time"
        missing = (self.other if is_call else self.call).path
        return f"has no other half: no record with {missing} has the same {source.path}"

    def _sides(self, record: dict[str, Any]) -> tuple[bool, bool]:
        return self.call.value(record) is not None, self.other.value(record) is not None


def _is_read(name: str, fields: tuple[str, ...]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for path in fields)


def _digest(key: Any) -> bytes | None:
    text = text_of(key)
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() if text else None
