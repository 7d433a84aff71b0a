"""States as bytes: the same for the same calls, read back whole, and refused where they are not what was written."""

import random
from contextlib import suppress

import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.engine import Engine
from gauger.engine.state import state_bytes
from tests.engine.worlds import CANARY, Call, taking
from tests.engine.worlds import ENGINE_SETTINGS as SETTINGS

SECRET = Secret(b"0123456789abcdef")


def engine_of(calls: list[Call], rows: range | None = None) -> Engine:
    return taking(Engine(secret=SECRET, settings=SETTINGS, streaming=0), calls, rows or range(len(calls)))


def test_parts_that_were_sent_as_bytes_merge_into_the_whole(calls: list[Call]) -> None:
    parts = [engine_of(calls, range(start, len(calls), 3)).to_bytes() for start in range(3)]
    merged = Engine.from_bytes(parts[2], secret=SECRET, streaming=0)
    for part in parts[:2]:
        merged.merge(Engine.from_bytes(part, secret=SECRET, streaming=0))
    whole = engine_of(calls)
    left, right = (engine.finish() for engine in (merged, whole))
    for name in ("accounts", "families", "campaigns"):
        assert getattr(left, name).equals(getattr(right, name)), name


def test_the_order_of_the_calls_changes_no_byte(calls: list[Call]) -> None:
    some = calls[:2_000]
    given = state_bytes.to_bytes(engine_of(some)._state)
    assert Engine.from_bytes(given, secret=SECRET).to_bytes() == given
    assert CANARY.encode() not in given
    assert SECRET.handed_over().encode() not in given
    assert bytes.fromhex(SECRET.handed_over()) not in given


def test_what_is_damaged_is_refused_and_never_read(calls: list[Call]) -> None:
    given, chance = engine_of(calls[:500]).to_bytes(), random.Random(1)
    for damaged in (b"", given[:10], given[:-1], b"x" + given[1:], given + b"x"):
        with pytest.raises(StateError):
            Engine.from_bytes(damaged, secret=SECRET)
    for _ in range(300):
        place = chance.randrange(len(given))
        changed = given[:place] + bytes([given[place] ^ 1 << chance.randrange(8)]) + given[place + 1 :]
        with suppress(StateError):
            assert Engine.from_bytes(changed, secret=SECRET).to_bytes() == given  # a bit that says nothing


def test_another_key_is_refused(calls: list[Call]) -> None:
    with pytest.raises(StateError, match="key"):
        Engine.from_bytes(engine_of(calls[:50]).to_bytes(), secret=Secret.random())


def test_a_size_beyond_belief_is_refused() -> None:
    with pytest.raises(StateError, match="no state, or damaged"):
        state_bytes.from_bytes(state_bytes.MAGIC + (1 << 60).to_bytes(8, "little") + b"x" * 50, SECRET)
