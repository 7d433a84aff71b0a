"""The text of a column map: where in it a key stands, so that an error can say so, and the nearest known name."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from gauger.engine.common.errors import ColumnMapError

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")


class MapText:
    """A map's text under its name."""

    def __init__(self, origin: str, text: str) -> None:
        self.origin = origin
        self._lines = text.splitlines()

    def fail(self, keys: tuple[str | int, ...], complaint: str) -> NoReturn:
        """Raise ``ColumnMapError`` with the place of a key: tables and its own name, of several tables a number.

        The key itself may be deeper than the text shows; then the place is that of what holds it.
        """
        place = self._place(keys)
        where = f":{place[0]}:{place[1]}" if place is not None else ""
        raise ColumnMapError(f"{self.origin}{where}: {complaint}")

    def _place(self, keys: tuple[str | int, ...]) -> tuple[int, int] | None:
        """Line and column, from 1, of the deepest of ``keys`` that is found."""
        names = [str(key) for key in keys if isinstance(key, str)]
        nth = next((key for key in keys if isinstance(key, int)), 0)
        best: tuple[int, int] | None = None
        depth = 0
        table, seen = "", -1
        for number, line in enumerate(self._lines, 1):
            header = _HEADER.match(line)
            if header is not None:
                table = header[1].replace('"', "").replace("'", "")
                seen += table == names[0] if names else 0
                if names and table == names[0] and seen == nth and depth == 0:
                    best, depth = (number, line.index("[") + 1), 1
                continue
            inside = names[1:] if names and table == names[0] and seen == nth else names if not table else []
            found = _column(line, inside[:1])
            if found is None:
                continue
            deeper = _column(line, inside[:2], anywhere=True) if len(inside) > 1 else None
            reached = len(names) - len(inside) + (2 if deeper else 1)
            if reached > depth:
                best, depth = (number, deeper or found), reached
        return best


def _column(line: str, keys: list[str], anywhere: bool = False) -> int | None:
    """Where in a line the last of ``keys`` is given a value; the first key of a line, or any."""
    if not keys:
        return None
    start = r"(?:^|[\s{,.])" if anywhere else r"^\s*"
    found = re.search(rf"""{start}(["']?){re.escape(keys[-1])}\1\s*[=.]""", line)
    return None if found is None else line.index(keys[-1], found.start()) + 1


def known_names(word: str, known: Iterable[str]) -> str:
    """The known names for a complaint, the nearest to a word first where one is near."""
    names = list(known)
    return f"{meant(word, names)}known are {', '.join(names)}"


def meant(word: str, names: Iterable[str]) -> str:
    """A question for the name that comes nearest to a word; empty where none is near."""
    folded = {name.lower(): name for name in names}
    near = get_close_matches(word.lower(), folded, 1)
    return f"did you mean {folded[near[0]]}? " if near else ""
