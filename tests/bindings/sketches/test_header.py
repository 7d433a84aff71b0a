"""The header of a stored sketch: what is not whole, not ours or not of this secret is refused."""

import pytest

from gauger import CountMin, HyperLogLog, StateError
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
