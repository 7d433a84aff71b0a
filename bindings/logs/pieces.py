"""Pieces: a record that its writer cut into several, put together again.

Container runtimes cut lines at 16 kB, and Azure cuts what a request holds at 32 kB. The files are read twice. The first
time, pieces are kept by what they have in common; the second time, the first piece of a record becomes all of it. So
calls stay in the order of the log, and a record that lacks a piece is refused, with all that is there of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import orjson

from gauger.logs.files.limits import LINE_BYTES_MAX
from gauger.logs.paths import Source, replaced
from gauger.logs.sources import TEXT_MAX, text_of

HELD_BYTES_MAX = 1 << 30  # of kept pieces and keys
NUMBER_MAX = 10_000  # of pieces of a record
_KEY_BYTES = 150  # what Python takes for a key and its place
TAKEN = "not a call: a piece of a record, put to its first piece by the map"
CUT = "is a piece of a cut record, whose other pieces are not all there"
TOO_LONG = f"is cut into pieces that together are longer than {LINE_BYTES_MAX >> 20} MB"
FULL = f"is a piece of a cut record: pieces take more than {HELD_BYTES_MAX >> 20} MB; give fewer files at a time"
Record = dict[str, Any]


class Held(Protocol):
    """A condition on a record."""

    @property
    def place(self) -> Source:
        """What it reads."""

    def holds(self, record: Record) -> bool:
        """Whether it does."""


@dataclass
class KeptPieces:
    """What the first reading found; numbers of pieces are bits of an integer."""

    numbers: dict[bytes, int] = field(default_factory=dict)  # by key
    later: dict[tuple[bytes, int], bytes] = field(default_factory=dict)  # JSON of all pieces but number 0
    ended: set[bytes] = field(default_factory=set)  # keys whose last piece was seen
    lowest: int = NUMBER_MAX  # number of any piece: with which numbers begin
    held: int = 0  # bytes
    is_done: bool = False

    def add(self, key: bytes, number: int, record: Record) -> None:
        """Keep a piece, the first of those with the same number; beyond the limit only numbers of known keys."""
        known = self.numbers.get(key, 0)
        if known >> number & 1:
            return
        content = orjson.dumps(record, default=str) if number else b""
        has_room = self.held + _KEY_BYTES + len(content) <= HELD_BYTES_MAX
        if known or has_room:
            self.numbers[key] = known | 1 << number
            self.lowest = min(self.lowest, number)
        if has_room:
            self.held += _KEY_BYTES + len(content)
            if number:
                self.later[key, number] = content


@dataclass(frozen=True)
class Pieces:
    """Which records are pieces, and of what."""

    texts: tuple[Source, ...]  # the fields that are cut
    common: tuple[Source, ...]  # what pieces of a record have in common
    order: Source | None = None  # the number of a piece; else pieces follow one another in the file
    last: Held | None = None  # what holds of the last piece, where there are no numbers
    kept: KeptPieces | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """What it reads of a record."""
        others = (self.order, self.last.place if self.last is not None else None)
        return tuple(one.path for one in (*self.texts, *self.common, *others) if one is not None)

    def reading(self, path: Path) -> Reading:
        """The pieces met in one reading of the file ``path``."""
        return Reading(self, str(path.absolute()))


@dataclass
class Reading:
    """Where in a file a reading is."""

    pieces: Pieces
    path: str
    open: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # records before it, and pieces of it so far

    def keep(self, record: Record) -> None:
        """Take in a record at the first reading."""
        place = self._place(record)
        if place is not None and self.pieces.kept is not None:
            key, number, is_last = place
            self.pieces.kept.add(key, number, record)
            if is_last:
                self.pieces.kept.ended.add(key)

    def whole(self, record: Record) -> Record | str:
        """A record that is no piece as it is, the first piece with all others, or why a piece comes to nothing."""
        place, kept = self._place(record), self.pieces.kept
        assert kept is not None
        if place is None:
            return record
        key, number, _ = place
        numbers = kept.numbers.get(key)
        if numbers is None:
            return FULL
        first = (numbers & -numbers).bit_length() - 1
        run = numbers >> first
        if run & (run + 1) or (first != kept.lowest if self.pieces.order is not None else key not in kept.ended):
            return CUT
        rest = [(key, one) for one in range(first + 1, numbers.bit_length())]
        if any(one not in kept.later for one in rest):
            return FULL
        if number != first:
            return TAKEN
        later = [orjson.loads(kept.later[one]) for one in rest]
        return self._together(record, later) if later else record

    def _together(self, first: Record, later: list[Record]) -> Record | str:
        """The first piece with the texts of all, and with fields that only later ones have."""
        found = dict(first)
        for piece in later:
            found |= {name: value for name, value in piece.items() if found.get(name) is None}
        for source in self.pieces.texts:
            parts = [text for one in (first, *later) if isinstance(text := source.value(one), str)]
            if sum(map(len, parts)) > LINE_BYTES_MAX:
                return TOO_LONG
            if parts:
                found = replaced(found, source.steps, "".join(parts))
        return found

    def _place(self, record: Record) -> tuple[bytes, int, bool] | None:
        """Key and number of a piece, and whether it is the last; None for a record that is whole."""
        texts = [text for source in self.pieces.texts if isinstance(text := source.value(record), str)]
        common = [text_of(source.value(record)) for source in self.pieces.common]
        if self.pieces.order is not None:
            number = _number(self.pieces.order.value(record))
            return None if number is None or None in common else (_digest(*common), number, True)
        if self.pieces.last is None or not texts:
            return None
        key = _digest(self.path, *common)
        record_number, number = self.open.get(key, (0, 0))
        # No writer cuts at a million characters, and conditions are not tried on more.
        is_last = len(texts[0]) > TEXT_MAX or self.pieces.last.holds(record) or number == NUMBER_MAX
        self.open[key] = (record_number + 1, 0) if is_last else (record_number, number + 1)
        return None if is_last and not number else (_digest(key.hex(), str(record_number)), number, is_last)


def _number(value: Any) -> int | None:
    text = text_of(value) or ""
    return int(text) if text.isdecimal() and text.isascii() and int(text) <= NUMBER_MAX else None


def _digest(*texts: str | None) -> bytes:
    return blake2b(
        orjson.dumps([(text or "").encode("utf-8", "replace").hex() for text in texts]), digest_size=16
    ).digest()
