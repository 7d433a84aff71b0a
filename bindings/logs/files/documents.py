"""Documents: JSON values that do not stand one a line, cut apart in bounded memory.

An array of objects (its elements are the records), objects written over several lines, objects with nothing between
them. Values are only cut here, not parsed: by one regular expression that passes over strings and what is neither
string nor bracket. It stops at the first byte that no JSON has in that place, so damage is met near where it is.

Behind damage the records are found again by how the first of the file begins: its first two keys and the white space
around them.
"""

import re
from collections.abc import Iterable, Iterator

import orjson

from gauger.logs.files.limits import DEPTH_MAX, LINE_BYTES_MAX, NODES_MAX
from gauger.logs.files.streams import BYTE_ORDER_MARK

INVALID = "record is not valid JSON"
TOO_MANY = f"record holds more than {NODES_MAX:,} values"
CUT_OFF = "record is not closed: the file ends in it"
_AGAIN_BYTES_MAX, _AGAIN_BRACKETS_MAX = 2 * LINE_BYTES_MAX, NODES_MAX  # looked at twice behind damage, in a file

# Possessive: nothing is tried twice, and long strings take no stack.
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+'
_PASSED = re.compile(rb"(?:[\s,:0-9eE+\-.truefalsn]++|" + _STRING + rb'")*+')
_UNCLOSED = re.compile(_STRING + rb"\\?\Z")
_BETWEEN = re.compile(rb"[\s,]*+")
_SCALAR = re.compile(_STRING + rb'"|[0-9eE+\-.]++|true|false|null')
_KEY = rb'\s*"[^"\\]{0,200}"\s*:'
_PLAIN = rb'(?:"[^"\\]{0,1000}"|[^\s"{}\[\],]{1,40})'
_BEGINNING = re.compile(rb"\{(" + _KEY + rb"\s*)(?:" + _PLAIN + rb"(\s*," + _KEY + rb"))?")
_NO_RECORDS = rb"(?:(?:-?\d[\d.eE+\-]*+|true|false|null)\s*,\s*)*+"  # in an array, before its first record
_DOCUMENT = re.compile(rb'\{\s*["}]|\[\s*' + _NO_RECORDS + rb'[\[{"\]]')
_FILLED = re.compile(rb"\{(?!\s*\})|\[(?!\s*\])")
_VALUE = re.compile(rb'\s*(?:\{|\[\s*[\[{"\]])')
_OPEN, _CLOSED = b"{[", b"}]"


class UnreadableError(ValueError):
    """The rest of a text cannot be read as JSON; says why."""


def shape_of(head: bytes, whole: bool) -> str:
    """How the JSON values of a text that begins with ``head`` (``whole``: is no longer) stand in it.

    "lines": one a line; "documents": otherwise; "text": no line of it begins like JSON.
    """
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    lines = text.split(b"\n")
    if not whole and len(lines) > 1:
        lines.pop()
    if _DOCUMENT.match(text) is None:
        values = any(_VALUE.match(line) or is_json(line) for line in lines)
        return "lines" if values or not text else "text"
    # Behind an object that is torn other lines may be whole; within an array they may be, too.
    looked_at = lines[:1] if text.startswith(b"[") else lines
    sound = [line for line in looked_at if line[:1] in (b"{", b"[") and is_json(line)]
    are_spread = any(line[:1] in (b"}", b"]") for line in lines)  # an empty value may stand among such as well
    return "lines" if any(_FILLED.match(line) for line in sound) or (sound and not are_spread) else "documents"


def is_json(line: bytes) -> bool:
    """Whether a line is a JSON value."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def blocks(source: Iterable[bytes], record_bytes_max: int = LINE_BYTES_MAX) -> Iterator[list[bytes | str]]:
    """Lists of records; a text in place of one says why it is none.

    Memory is bounded by a piece of ``source`` and twice the limit. An ``OSError`` of ``source`` passes through after
    all the whole records before it. Raises ``UnreadableError`` when the rest is no JSON, or an array is not closed.
    """
    splitter = _Splitter(record_bytes_max)
    for piece in source:
        yield splitter.add(piece)
    yield splitter.end()
    splitter.check()


class _Splitter:
    """Where one is in a text, and what of it has not been given out."""

    def __init__(self, record_bytes_max: int) -> None:
        self._record_bytes_max = record_bytes_max
        self._too_long = f"record is longer than {record_bytes_max >> 20} MB"
        self._buffer, self._waiting = b"", [b""]
        self._at = 0  # in the buffer: all before was looked at
        self._start = -1  # of the record that is open, -1 when none is
        self._depth = 0  # of brackets open in it
        self._wanted = 1  # bytes to gather before another look
        self._inside_array = False
        self._lost = False  # behind damage: looking for a record's beginning
        self._beginning: re.Pattern[bytes] | None = None
        self._reason = ""  # of the latest record that was given up
        self._brackets = 0  # of the record that is open
        self._again_bytes = self._again_brackets = 0
        self._first = True

    def add(self, piece: bytes) -> list[bytes | str]:
        """The records that ``piece`` completes."""
        if self._first and piece:
            piece, self._first = piece.removeprefix(BYTE_ORDER_MARK), False
        self._waiting.append(piece)
        if sum(map(len, self._waiting)) < self._wanted:
            return []
        self._gather()
        found = self._cut(ended=False)
        # What is left is copied, and a string in it looked at anew: by waiting for as much again, twice at most.
        self._wanted = len(self._buffer) - (self._at if self._start < 0 else self._start)
        return found

    def end(self) -> list[bytes | str]:
        """The records that end with the text."""
        self._gather()
        return self._cut(ended=True)

    def check(self) -> None:
        """Raise ``UnreadableError`` when the text, looked at to its end, cannot have been all of it."""
        if self._inside_array and (self._reason == CUT_OFF or not self._lost):
            raise UnreadableError("its JSON array is never closed, the file is cut off")
        if self._lost and self._reason != CUT_OFF:
            raise UnreadableError("it is no JSON from there on")

    def _gather(self) -> None:
        behind = self._at if self._start < 0 else self._start
        self._buffer = b"".join([self._buffer[behind:], *self._waiting])
        self._at -= behind
        self._start = -1 if self._start < 0 else 0
        self._waiting = []

    def _cut(self, ended: bool) -> list[bytes | str]:
        found: list[bytes | str] = []
        while True:
            if self._lost:
                more = self._find_again()
            elif self._start < 0:
                more = self._next_record(found, ended)
            else:
                more = self._end_of_record(found, ended)
            if not more:
                return found

    def _next_record(self, found: list[bytes | str], ended: bool) -> bool:
        """Step to where a record begins; False when that is not in the buffer."""
        buffer = self._buffer
        between = _BETWEEN.match(buffer, self._at)
        self._at = self._at if between is None else between.end()
        first = buffer[self._at : self._at + 1]
        if not first:
            return False
        if first == b"[" and not self._inside_array:
            self._inside_array = True
            self._at += 1
        elif first == b"]" and self._inside_array:
            self._inside_array = False
            self._at += 1
        elif first in (b"{", b"["):
            self._start, self._depth, self._brackets = self._at, 1, 1
            self._at += 1
        else:
            scalar = _SCALAR.match(buffer, self._at)
            end = self._at if scalar is None else scalar.end()
            if not ended and (end == len(buffer) or len(buffer) - self._at < 6 or _UNCLOSED.match(buffer, self._at)):
                return len(buffer) - self._at > self._record_bytes_max and self._fail(found, self._too_long)
            if scalar is None:
                return self._fail(found, INVALID)
            found.append(scalar[0])
            self._at = end
        return True

    def _end_of_record(self, found: list[bytes | str], ended: bool) -> bool:
        """Step over the record that is open; False when its end is not in the buffer."""
        buffer, at, depth, brackets = self._buffer, self._at, self._depth, self._brackets
        while depth and depth <= DEPTH_MAX and brackets <= NODES_MAX:
            passed = _PASSED.match(buffer, at)
            at = at if passed is None else passed.end()
            byte = buffer[at : at + 1]
            if byte and byte in _OPEN:
                depth += 1
            elif byte and byte in _CLOSED:
                depth -= 1
            else:
                break
            at += 1
            brackets += 1
        self._at, self._depth, self._brackets = at, depth, brackets
        if depth > DEPTH_MAX:
            return self._fail(found, INVALID, again=False)
        if brackets > NODES_MAX:
            return self._fail(found, TOO_MANY, again=False)
        size = at - self._start
        if depth == 0:
            found.append(buffer[self._start : at] if size <= self._record_bytes_max else self._too_long)
            self._learn()
            self._start = -1
            return True
        if at < len(buffer) and not _UNCLOSED.match(buffer, at):
            return self._fail(found, INVALID)
        if len(buffer) - self._start > self._record_bytes_max:
            return self._fail(found, self._too_long, again=False)
        return ended and self._fail(found, CUT_OFF)

    def _learn(self) -> None:
        """Remember how records begin."""
        if self._beginning is not None:
            return
        start = max(self._start, 0)
        begins = _BEGINNING.match(self._buffer, start)
        if begins is None:
            return
        before, behind = begins.groups()
        pattern = rb"\{" + re.escape(before)
        if behind is not None:
            pattern += _PLAIN + re.escape(behind)
        self._beginning = re.compile(pattern)

    def _fail(self, found: list[bytes | str], reason: str, again: bool = True) -> bool:
        """Give up what is open here, and look for the next record: from its own beginning on, if ``again``."""
        self._learn()
        found.append(reason)
        begun = self._at if self._start < 0 else self._start
        self._reason, self._lost, self._start = reason, True, -1
        self._again_bytes += self._at - begun
        self._again_brackets += self._brackets
        if again and self._again_bytes <= _AGAIN_BYTES_MAX and self._again_brackets <= _AGAIN_BRACKETS_MAX:
            self._at = begun + 1
        else:
            self._at = max(self._at, begun + 1)
        return True

    def _find_again(self) -> bool:
        if self._beginning is None:
            self._at = len(self._buffer)
            return False
        begins = self._beginning.search(self._buffer, self._at)
        if begins is None:
            self._at = max(self._at, len(self._buffer) - 2_000)  # a beginning may be cut by the end of the buffer
            return False
        self._at, self._lost = begins.start(), False
        return True
