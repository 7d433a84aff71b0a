"""Hostile calls: fields whose values raise, recurse, lie about what they are, or are no value of any column.

Each has an account and a prompt that are sound, so that each has to be recorded: what is around them may cost its own
field, and no other call.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import random
import types
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gauger.host.taking import CALL_FIELDS

_SOUND = {"account_id", "prompt_text", "operation_name", "start_time"}
_FIELDS = [*(name for name in CALL_FIELDS if name not in _SOUND), "system_instructions", "tool_definitions"]
_PART_NAMES = ["role", "content", "type", "text", "url", "id", "name", "function", "arguments", "parts", "image_url"]


class Raising:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        raise ValueError("str")

    __repr__ = __str__

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class Dumping:
    """Has the method by which libraries turn their objects into dictionaries, and gives something else."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def model_dump(self) -> Any:
        """As of pydantic's models."""
        if self._given is None:
            raise RuntimeError("model_dump")
        return self if self._given is self else self._given


class Lying(str):
    """A text that is no text when asked."""

    def __str__(self) -> str:
        raise ValueError("str")


class Endless(list[Any]):
    """A list that cannot be walked."""

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("iter")

    def __len__(self) -> int:
        raise RuntimeError("len")


class Unhashable(type):
    """A class whose instances' type cannot be looked up."""

    def __hash__(cls) -> int:
        raise TypeError("hash")


class OfUnhashable(metaclass=Unhashable):
    """An object of such a class."""


class Text(enum.StrEnum):
    """Texts that are members of an enumeration."""

    ACCOUNT = "account_id"


class Plain(Mapping[Any, Any]):
    """A mapping that is no dictionary."""

    def __init__(self, given: Mapping[Any, Any]) -> None:
        self._given = given

    def __getitem__(self, name: Any) -> Any:
        return self._given[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    found: Any = "a"
    for _ in range(depth):
        found = wrap(found)
    return found


def _cycle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def _breaking() -> Iterator[int]:
    yield 1
    raise RuntimeError("generator")


_UTC = datetime.UTC
_INSTANTS = [
    datetime.datetime.min,
    datetime.datetime.max,
    datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=23))),
    datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-23))),
    datetime.date.max,
    datetime.time(1, 2),
    datetime.timedelta.max,
    datetime.datetime(2026, 8, 1, tzinfo=_UTC),
]
_TEXTS = ["", "\0", "a\0b", "\ud800", "x\udfff\ud800y", "\U0010ffff", "\ufeff", "\u202e", "a" * 70_000, " ", "NaN"]
_TEXTS += ["null", "{", "[", "[1,2", '{"a":', "-1", "1e999", "2026-13-45T99:99:99Z", "0000-00-00", "\n", "\x85"]
_NUMBERS = [None, True, False, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1 << 3000]
_NUMBERS += [float("nan"), float("inf"), -float("inf"), 1e308, -0.0, 5e-324]
_BYTES = [b"", b"\xff\xfe", bytearray(b"x"), memoryview(b"ab"), memoryview(np.zeros((2, 2)))]
_LIBRARY = [np.float64("nan"), np.int64(5), np.uint64(2**64 - 1), np.float16(1), np.bool_(True), np.str_("a\ud800")]
_LIBRARY += [np.bytes_(b"\xff"), np.datetime64("NaT"), np.array(5), np.array([1, 2.0]), np.array([[1]]), np.ma.masked]
_LIBRARY += [decimal.Decimal("sNaN"), decimal.Decimal("1e999999"), fractions.Fraction(1, 3), complex(1, 2)]
_LIBRARY += [uuid.UUID(int=7), range(10**9), slice(1), NotImplemented, ..., len, types, Text, Raising]
_LISTS = [[], {}, [None], [[]], [{}], {"": None}, {1: 2}, {None: 3}, {(1, 2): 3}, {b"a": 1}, {"\ud800": 1}, {1, 2}]
_LISTS += [[1, 2, 3], [2**70], [-1], [float("nan")], ["\ud800"], [b"\xff"], ["a", 1, None], frozenset("ab"), (1, 2)]
_DEEP = [_nested(depth, wrap) for depth in (50, 260, 900, 3_000) for wrap in (lambda x: [x], lambda x: {"a": x})]
_MADE: list[Callable[[], Any]] = [
    Raising, OfUnhashable, _breaking, _cycle, object, lambda: Lying("abc"), lambda: Endless([1]), lambda: Text.ACCOUNT,
    lambda: Dumping(None), lambda: Dumping({"a": float("nan"), "b": "\ud800"}), lambda: [Raising()],
    lambda: np.array([None, object()], object), lambda: iter([1]), lambda: map(str, [1]),
]  # fmt: skip
_GROUPS: list[Sequence[Any]] = [_INSTANTS, _TEXTS, _NUMBERS, _BYTES, _LIBRARY, _LISTS, _DEEP]


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any value."""
    group = chance.randrange(len(_GROUPS) + 2)
    if group < len(_GROUPS):
        return chance.choice(_GROUPS[group])
    if group == len(_GROUPS) or depth > 4:
        return chance.choice(_MADE)()
    inner = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return inner if chance.random() < 0.5 else {chance.choice(_PART_NAMES): one for one in inner}


def _part(chance: random.Random, text: str) -> dict[str, Any]:
    kinds = [{"type": "text", "text": text}, {"type": "input_text", "text": text}, {"text": text}]
    return chance.choice(kinds) | ({"cache_control": value(chance)} if chance.random() < 0.4 else {})


def _chat(chance: random.Random, text: str) -> list[Any]:
    contents = [
        text,
        [_part(chance, text)],
        [value(chance), _part(chance, text), {"type": "image_url", "image_url": 1}],
    ]
    message = {"role": "user", "content": chance.choice(contents)}
    if chance.random() < 0.5:
        message[chance.choice(["name", "id", "tool_calls", "function_call", "refusal"])] = value(chance)
    before = [
        {"role": "system", "content": value(chance)},
        {"role": "assistant", "content": value(chance), "tool_calls": value(chance)},
        {"role": "tool", "content": value(chance)},
        {"role": value(chance), "content": value(chance)},
    ]
    return [*chance.sample(before, chance.randrange(3)), message]


def call(chance: random.Random, number: int) -> Mapping[Any, Any]:
    """A call of an account of its own, ``f"hostile-{number}"``."""
    text = f"tell me about the {chance.choice(['river', 'stone', 'cloud'])} of number {number} and why it is so"
    found: dict[Any, Any] = {"account_id": f"hostile-{number}"}
    if chance.random() < 0.6:
        found["prompt_text"] = text
    else:
        found["messages"] = _chat(chance, text)
    for name in chance.sample(_FIELDS, chance.randint(1, 6)):
        found[name] = value(chance)
    if chance.random() < 0.2:
        found[chance.choice([1, None, (1, 2), b"a", "\ud800", Text.ACCOUNT.name])] = value(chance)
    kinds = [dict, dict, Plain, collections.OrderedDict, collections.ChainMap, types.MappingProxyType]
    return chance.choice(kinds)(found)
