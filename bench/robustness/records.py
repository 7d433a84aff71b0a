"""Records: the calls that sound seeds are made of, and what is done to them before they are written.

Everything is drawn from the generator that is given, so that a mutant can be made again from its number.
"""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Record = dict[str, Any]
MARK = "quoxilate"  # in every prompt of a sound record, and nowhere else: no reason and no error may quote it
_START = datetime(2026, 11, 16, tzinfo=UTC)
_WORDS = "why how when ship river table count amber letter solve prove draft garden winter mirror copper sonnet".split()
# Values that no log should have in the place of another. Python's JSON writes NaN and endless integers as they are.
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1e308, -1e18, -0.0, 5e-324),
    *(float("nan"), float("inf"), "", " ", "null", "NaN", "\0", "\ufeff", "\ud800", "a\0b", "\u202egpj", "9" * 400),
    *(
        "1e999",
        "-",
        "[",
        "{",
        '{"',
        "[[[[",
        '{"role": "user", "content": "x',
        "[" * 2_000,
        '{"a":' * 600,
        "x" * 100_000,
    ),
    *([], {}, [[]], {"a": None}, [None], [1, "a", None, {}], {"": ""}, [[["a"]]], {"text": {"text": ["a"]}}),
    *("2026-02-30T25:61:61Z", "99999-01-01", "0000-00-00", "2026-11-20T12:00:00+99:99", "1e18", "16/11/2026"),
    *({"seconds": 1e300}, {"$date": {"$numberLong": "9" * 40}}, {"seconds": "9" * 30, "nanos": -1}),
    *(
        "::ffff:1.2.3.4%eth0",
        "999.999.999.999/64",
        "12345678901234567890.0",
        "1.7e+25",
        "'; --",
        "\r\n",
        "\x1e",
        "\x85",
    ),
)


def calls(dice: Random, count: int) -> list[Record]:
    """Sound calls under canonical names."""
    return [
        {
            "start_time": (_START + timedelta(seconds=dice.randrange(86_400))).isoformat(),
            "account_id": f"account-{dice.randrange(12)}",
            "client_address": f"10.0.{dice.randrange(9)}.{dice.randrange(250)}",
            "prompt_text": prompt(dice),
            "request_model": "model-a",
            "request_temperature": dice.randrange(5) / 4,
            "request_stream": dice.random() < 0.5,
            "usage_output_tokens": dice.randrange(10, 900),
        }
        for _ in range(count)
    ]


def prompt(dice: Random) -> str:
    """A few words, now and then more, and in other letters."""
    words = dice.choices(_WORDS, k=dice.choice((4, 9, 15, 40)))
    return " ".join([MARK, *words, *dice.choices(("", "漢字\n", "é\U0001f600", '"quoted", he said'), (8, 1, 1, 1))])


def altered(dice: Random, records: list[Record], times: int) -> list[Record]:
    """``records`` with so many things wrong in them."""
    found = list(records)
    for _ in range(times):
        if not found:
            return found
        place = dice.randrange(len(found))
        if dice.random() < 0.1:
            found[place : place + 1] = dice.choice(([], [found[place]] * dice.choice((2, 50)), [dice.choice(ODD)]))
        else:
            found[place] = _altered(dice, found[place])
    return found


def _altered(dice: Random, value: Any) -> Any:
    """``value`` with one thing wrong, in whatever depth."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        if dice.random() < 0.15:
            return {key: one for key, one in value.items() if key != name}
        if dice.random() < 0.1:
            return {dice.choice(("", "\0", name.upper(), f"{name}.x", "prompt_token_ids")) if key == name else key: one
                    for key, one in value.items()}  # fmt: skip
        return {**value, name: _altered(dice, value[name])}
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], _altered(dice, value[place]), *value[place + dice.choice((0, 1, 1, 1)) :]]
    if dice.random() < 0.1:
        return _nested(value, dice.choice((3, 40, 700, 1_200)))
    return dice.choice((*ODD, [value], {"value": value}, text(value)))


def _nested(value: Any, depth: int) -> Any:
    for level in range(depth):
        value = [value] if level % 2 else {"content": value}
    return value


def text(value: Any) -> str:
    """A value as Python writes it, if it is not nested too deeply for that."""
    try:
        return str(value)
    except RecursionError:
        return "nested"


def to_json(value: Any, **layout: Any) -> str:
    """JSON, however deep ``value`` is nested."""
    try:
        return json.dumps(value, **layout)
    except RecursionError:
        return "[" * 1_100 + "]" * 1_100
