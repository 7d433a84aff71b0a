"""The header of a stored sketch: what is not whole, not ours or not of this secret is refused."""

import pickle
from typing import Any

import pytest

from gauger import CountMin, HyperLogLog, KernelInputError, StateError
from gauger.sketches import header
from tests.bindings.columns import OTHER, SECRET

DATA = header.pack(b"gHLL", (4, 0), 7, SECRET, b"body")


def test_round_trip() -> None:
    assert header.unpack(b"gHLL", DATA, SECRET) == (header.Header((4, 0), 7), b"body")
    assert header.unpack(b"gHLL", memoryview(DATA), SECRET)[1] == b"body"


@pytest.mark.parametrize("place", range(len(DATA)))
def test_any_changed_byte_is_noticed(place: int) -> None:
    changed = bytearray(DATA)
    changed[place] ^= 1
    with pytest.raises(StateError):
        header.unpack(b"gHLL", changed, SECRET)


@pytest.mark.parametrize("length", [0, 4, 31, 32, len(DATA) - 1])
def test_a_cut_is_noticed(length: int) -> None:
    with pytest.raises(StateError):
        header.unpack(b"gHLL", DATA[:length], SECRET)


def test_another_version_is_refused_by_name() -> None:
    with pytest.raises(StateError, match="format 2; this gauger reads 1"):
        header.unpack(b"gHLL", DATA[:4] + b"\2" + DATA[5:], SECRET)


def test_another_secret_is_refused_by_its_id() -> None:
    with pytest.raises(StateError, match=f"key {SECRET.key_id}, not with {OTHER.key_id}"):
        header.unpack(b"gHLL", DATA, OTHER)


def test_one_kind_is_not_another() -> None:
    with pytest.raises(StateError, match="not a stored sketch of kind gCMS"):
        CountMin.from_bytes(HyperLogLog(4, secret=SECRET).to_bytes(), secret=SECRET)


# What both kinds of sketch do alike: one of each, what it shows, another secret, another shape, and what is said of it.
KINDS = [
    (
        lambda secret: HyperLogLog(10, secret=secret),
        "registers",
        HyperLogLog(11, secret=SECRET),
        "precision 10 and 11",
        f"HyperLogLog(precision=10, key_id='{SECRET.key_id}')",
    ),
    (
        lambda secret: CountMin(64, 3, secret=secret),
        "counts",
        CountMin(64, 2, secret=SECRET),
        "width 64 and depth 3 and width 64 and depth 2",
        f"CountMin(width=64, depth=3, total=0, key_id='{SECRET.key_id}')",
    ),
]


@pytest.mark.parametrize(("make", "shown", "other", "difference", "text"), KINDS)
def test_sketches_do_not_mix_and_give_nothing_away(
    make: Any, shown: str, other: Any, difference: str, text: str
) -> None:
    made = make(SECRET)
    with pytest.raises(StateError, match=OTHER.key_id):
        made.merge(make(OTHER))
    with pytest.raises(KernelInputError, match=difference):
        made.merge(other)
    with pytest.raises(ValueError, match="read-only"):
        getattr(made, shown)[0] = 1
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(made)
    assert repr(made) == text
