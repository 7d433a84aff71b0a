"""Cells: the rows of separated values, every physical line of the file in one of them.

A quote opens a cell at its beginning only, and is doubled within; a quoted cell may hold line ends. A quote that is
opened and not closed, within bounds and by a separator or line end, costs its own line: those behind it are read
again, so that one torn line does not take the rest of the file into its cell.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from gauger.logs.files import limits
from gauger.logs.files.sound_rows import AGAIN_BYTES_MAX, sound_lines

TORN = "a quote is opened and not closed, or a quoted cell goes on behind its quote"
TOO_LONG = f"row is longer than {limits.CELL_BYTES_MAX >> 20} MB"
SEPARATORS = (b",", b";", b"\t", b"|")
QUOTE = b'"'


class AmbiguousError(ValueError):
    """A header that could be cut at several separators."""


class TooManyTornError(ValueError):
    """More torn lines than a file may have."""


def separator_of(header: bytes) -> bytes:
    """The separator of a header line: the comma where it has one, else the only other there is.

    Raises ``AmbiguousError`` when it has several of the others and no comma.
    """
    bare = re.sub(_quoted(QUOTE), b"", header)
    there = [separator for separator in SEPARATORS if separator in bare]
    if len(there) > 1 and there[0] != b",":
        raise AmbiguousError
    return there[0] if there else b","


class Rows:
    """The rows of a file: lists of cells, or why a line is none. Blank lines are not rows."""

    def __init__(self, blocks: Iterable[list[bytes | None]], separator: bytes, quote: bytes = QUOTE) -> None:
        """blocks : lists of physical lines, blank ones too, None for one over the limit."""
        self._blocks = iter(blocks)
        self._waiting: deque[bytes | None] = deque()
        self.separator, self.quote = separator, quote
        self._torn = 0
        cut, mark, quoted = re.escape(separator), re.escape(quote), _quoted(quote)
        cell = rb"(?:" + quoted + rb"|[^" + mark + cut + rb"][^" + cut + rb"]*+|)"
        self._row = re.compile(cell + rb"(?:" + cut + cell + rb")*+\Z")
        self._open = re.compile(rb"(?:" + cell + cut + rb")*+" + quoted.removesuffix(mark) + rb"\Z")
        self._cell = re.compile(rb"(" + quoted + rb"|[^" + mark + cut + rb"][^" + cut + rb"]*+|)(?:" + cut + rb"|\Z)")

    def __iter__(self) -> Iterator[list[bytes] | str]:
        return self.of(None)

    def of(self, expected: int | None) -> Iterator[list[bytes] | str]:
        """The rows from here on; of several lines only those with so many cells (None: any)."""
        while self._waiting or self.fetch():
            yield from self.waiting(expected)

    def fetch(self) -> bool:
        """Let more lines wait; False at the end."""
        for block in self._blocks:
            self._waiting.extend(block)
            if block:
                return True
        return False

    def are_waiting(self) -> bool:
        """Whether lines wait."""
        return bool(self._waiting)

    def sound(self) -> tuple[bytes, int]:
        """The first of the lines that wait as text, and how many: none where one may not be sound (``sound_rows``)."""
        return sound_lines(self._waiting, self.separator, self.quote)

    def skip(self, lines: int) -> None:
        """Let the first of the lines that wait be done with."""
        for _ in range(lines):
            self._waiting.popleft()

    def waiting(self, expected: int | None) -> Iterator[list[bytes] | str]:
        """The rows of the lines that wait, and of those behind that belong to the last of them."""
        while self._waiting:
            line = self._waiting.popleft()
            if line is None:
                yield TOO_LONG
            elif self.quote not in line:
                line = line.rstrip(b"\r")
                if line and not line.isspace():
                    yield line.split(self.separator)
            else:
                yield self._quoted(line, expected)

    def _quoted(self, line: bytes, expected: int | None) -> list[bytes] | str:
        taken: list[bytes | None] = [line]
        text, looked_at = line.rstrip(b"\r"), 0
        while self._row.match(text) is None:
            if self._open.match(text) is None or not (self._waiting or self.fetch()):
                return self._give_back(taken)
            # Nothing but a line with a quote in it can close the cell.
            size = len(text)
            while True:
                following = self._waiting.popleft()
                taken.append(following)
                size += len(following or b"")
                if following is None or len(taken) > limits.CELL_LINES_MAX or size > limits.CELL_BYTES_MAX:
                    return self._give_back(taken)
                if self.quote in following or not (self._waiting or self.fetch()):
                    break
            text = b"\n".join(line for line in taken if line is not None).rstrip(b"\r")
            looked_at += len(text)
            if looked_at > AGAIN_BYTES_MAX:
                return self._give_back(taken)
        cells = self._cells(text)
        if len(taken) > 1 and expected not in (None, len(cells)):
            return self._give_back(taken)
        return cells

    def _give_back(self, taken: list[bytes | None]) -> str:
        """The first of some lines is torn; the others are read again."""
        self._torn += 1
        if self._torn > limits.TORN_QUOTES_MAX:
            raise TooManyTornError
        self._waiting.extendleft(reversed(taken[1:]))
        return TORN

    def _cells(self, text: bytes) -> list[bytes]:
        found = self._cell.findall(text)
        if len(found) > 1 and not text.endswith(self.separator):
            found.pop()  # the empty match at the end of the text
        quote = self.quote
        return [cell[1:-1].replace(quote * 2, quote) if cell[:1] == quote else cell for cell in found]


def _quoted(quote: bytes) -> bytes:
    """The pattern of a quoted cell."""
    mark = re.escape(quote)
    return mark + rb"(?:[^" + mark + rb"]++|" + mark * 2 + rb")*+" + mark
