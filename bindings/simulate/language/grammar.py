"""A context-free grammar expanded breadth first, for all rows at once, in NumPy.

Rules are text, one rule a paragraph (continuation lines are indented)::

    name: alternative | 3*alternative        three times as likely
    name@attribute: for 0 /// for 1 | or this     which alternatives a row has depends on its attribute
    !name: code or a machine's frame, exempt from casing and typing errors

In an alternative ``[name]`` is a symbol, ``⇧`` asks for a capital, ``⏎`` is a new line, ``␣`` a space at an
edge, ``¦`` a bar, ``⟦⟧`` are brackets and ``∅`` alone is nothing.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Variants of every word, stacked in the vocabulary: variant v of terminal t is entry v * terminals + t.
AS_WRITTEN, CAPITAL, LOWER, TYPO, OTHER_TYPO = range(5)
# How an account writes: with capitals, without any, or without those that begin a sentence.
CASING_PROPER, CASING_LOWER, CASING_LAZY = range(3)

_RAISE = "⇧"
_PIECE = re.compile(r"⇧|\[\w+\]| ?\w+(?:['’]\w+)?|[^\w\[⇧ ]+| ")
_RAW_PIECE = re.compile(r"⇧|\[\w+\]|[^\[⇧]+")
_RAISED_LETTER = re.compile(r"⇧([^\[])")
_WEIGHT = re.compile(r"(\d+)\*")
_ESCAPES = str.maketrans({"⏎": "\n", "␣": " ", "¦": "|", "⟦": "[", "⟧": "]"})
_SHORTEST_MISTYPED_WORD = 4


def _capital(word: str) -> str:
    bare = word.lstrip(" ")
    return word[: len(word) - len(bare)] + bare[:1].upper() + bare[1:]


def _mistyped(word: str, salt: int) -> str:
    """Swap two neighbouring letters or drop one, always the same way for the same word and salt."""
    start = 1 if word.startswith(" ") else 0
    letters = len(word) - start
    if letters < _SHORTEST_MISTYPED_WORD:
        return word
    draw = zlib.crc32(word.encode(), salt)
    at = start + 1 + draw % (letters - 2)
    if draw & 0x10000:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _raw_pieces(text: str) -> list[str]:
    return _RAW_PIECE.findall(_RAISED_LETTER.sub(lambda raised: raised.group(1).upper(), text))


class Grammar:
    """Rules, and then their compiled tables; ``compile`` once, ``write`` many times.

    Terminals are numbered 0..T-1 (0 asks for a capital), symbols T.. upwards. A symbol owns one *set* of
    productions per value of the attribute it depends on (one set when it depends on none); a production is
    a run in one pool of nodes.
    """

    def __init__(self, attributes: Sequence[str]) -> None:
        """``attributes`` names the columns of the matrix that ``write`` is given."""
        self._attributes = {name: column for column, name in enumerate(attributes)}
        self._rules: dict[str, tuple[int, list[list[list[str]]], bool]] = {}

    def add_text(self, text: str) -> None:
        """Add the rules of a text (see the module); ``ValueError`` for a symbol defined twice."""
        for paragraph in re.split(r"\n(?=\S)", text.strip()):
            head, body = paragraph.split(":", 1)
            name, _, attribute = head.lstrip("!").partition("@")
            sets = [self._alternatives(part) for part in re.split(r"\s+///\s*|\s*///\s+", body)]
            self.add(name, sets, attribute or None, raw=head.startswith("!"))

    def add(self, name: str, sets: Iterable[Sequence[str]], attribute: str | None = None, *, raw: bool = False) -> None:
        """Add one symbol: a sequence of alternatives per value of its attribute."""
        if name in self._rules:
            raise ValueError(f"symbol {name} is defined twice")
        column = self._attributes[attribute] if attribute else 0
        split = _raw_pieces if raw else _PIECE.findall
        self._rules[name] = (column, [[split(text) for text in one] for one in sets], raw)

    @staticmethod
    def _alternatives(text: str) -> list[str]:
        alternatives = []
        for alternative in text.split("|"):
            stripped = re.sub(r"\n\s*", " ", alternative.strip()).replace("∅", "")
            weight = _WEIGHT.match(stripped)
            times = int(weight.group(1)) if weight else 1
            alternatives += [stripped[weight.end() :] if weight else stripped] * times
        return alternatives

    def compile(self) -> None:
        """Turn the rules into tables; ``KeyError`` for a symbol that is used and not defined."""
        terminals: dict[tuple[str, bool], int] = {(_RAISE, False): 0}
        for _, sets, raw in self._rules.values():
            for pieces in (pieces for one in sets for pieces in one):
                for piece in pieces:
                    if not piece.startswith(("[", _RAISE)):
                        terminals.setdefault((piece, raw), len(terminals))
        self._terminals = len(terminals)
        self._symbols = {name: self._terminals + i for i, name in enumerate(self._rules)}
        self._compile_productions(terminals)
        self._vocabulary = self._compile_vocabulary(terminals)

    def _compile_productions(self, terminals: dict[tuple[str, bool], int]) -> None:
        pool = list(range(self._terminals))  # a terminal produces itself
        lengths = [1] * self._terminals
        set_base, set_count, column_of = [], [], []
        first: list[int] = []
        count: list[int] = []
        for column, sets, raw in self._rules.values():
            set_base.append(len(first))
            set_count.append(len(sets))
            column_of.append(column)
            for one in sets:
                first.append(len(lengths))
                count.append(len(one))
                for pieces in one:
                    nodes = [self._number(piece, raw, terminals) for piece in pieces]
                    pool += nodes
                    lengths.append(len(nodes))
        self._pool = np.array(pool, np.int32)
        self._length = np.array(lengths, np.int32)
        self._start = (np.cumsum(self._length) - self._length).astype(np.int32)
        self._set_base, self._set_count, self._column = (
            np.array(values, np.int32) for values in (set_base, set_count, column_of)
        )
        self._first, self._count = np.array(first, np.int32), np.array(count, np.int32)

    def _number(self, piece: str, raw: bool, terminals: dict[tuple[str, bool], int]) -> int:
        if piece.startswith("["):
            return self._symbols[piece[1:-1]]
        return 0 if piece == _RAISE else terminals[piece, raw]

    @staticmethod
    def _compile_vocabulary(terminals: dict[tuple[str, bool], int]) -> pa.StringArray:
        words = [("" if word == _RAISE else word.translate(_ESCAPES), raw) for word, raw in terminals]
        variants = (str, _capital, str.lower, partial(_mistyped, salt=1), partial(_mistyped, salt=2))
        return pa.array([word if raw else vary(word) for vary in variants for word, raw in words], pa.string())

    def symbol(self, name: str) -> int:
        """The number of a symbol, to start rows from; ``KeyError`` when there is none of that name."""
        return self._symbols[name]

    def write(
        self,
        roots: np.ndarray,
        attributes: np.ndarray,
        casing: np.ndarray,
        typing_errors: np.ndarray,
        rng: np.random.Generator,
    ) -> pa.StringArray:
        """One text per row.

        ``roots`` int (n,) are symbol numbers, ``attributes`` int (n, attributes), ``casing`` int (n,) one
        of the CASING constants and ``typing_errors`` float (n,) the share of mistyped words.
        """
        nodes, rows = self._expand(roots.astype(np.int32), np.ascontiguousarray(attributes, np.int32), rng)
        variant = np.zeros(nodes.size, np.int32)
        raised = np.flatnonzero(nodes[:-1] == 0)
        raised = raised[rows[raised] == rows[raised + 1]]
        variant[raised[casing[rows[raised]] == CASING_PROPER] + 1] = CAPITAL
        variant[(casing == CASING_LOWER)[rows]] = LOWER
        mistyped = np.flatnonzero(rng.random(nodes.size, dtype=np.float32) < typing_errors.astype(np.float32)[rows])
        variant[mistyped] = TYPO + rng.integers(0, 2, mistyped.size)
        words = self._vocabulary.take(pa.array(variant * self._terminals + nodes))
        offsets = np.searchsorted(rows, np.arange(roots.size + 1)).astype(np.int32)
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words), "")

    def _expand(
        self, nodes: np.ndarray, attributes: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Terminals of all rows in one array, and the row of each."""
        rows = np.arange(nodes.size, dtype=np.int32)
        width, cells = attributes.shape[1], attributes.ravel()
        while True:
            open_at = np.flatnonzero(nodes >= self._terminals)
            if not open_at.size:
                return nodes, rows
            symbols = nodes[open_at] - self._terminals
            value = cells[rows[open_at].astype(np.int64) * width + self._column[symbols]]
            chosen = self._set_base[symbols] + value % self._set_count[symbols]
            draw = rng.random(open_at.size, dtype=np.float32) * self._count[chosen]
            nodes[open_at] = self._first[chosen] + draw.astype(np.int32)  # now numbers of productions
            length = self._length[nodes]
            end = np.cumsum(length, dtype=np.int32)
            nodes = self._pool[
                np.repeat(self._start[nodes] - end + length, length)
                + np.arange(end[-1] if end.size else 0, dtype=np.int32)
            ]
            rows = np.repeat(rows, length)
