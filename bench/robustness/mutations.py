"""Mutations: bytes changed without, or with little, regard to what they are.

Where they are changed is drawn evenly, or from places that a format says matter more: heads of pages, footers.
"""

import struct
from collections.abc import Callable, Sequence
from random import Random

Span = tuple[int, int]
_EXTREME = (0, 1, -1, 127, 255, 2**15 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**62, 2**63 - 1, -(2**63), 10**6, 1_000_001)
_JUNK = (
    *(b"\0", b"\0" * 64, b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1e", b"\r"),
    *(b'"', b"'", b"\\", b"\\u", b"\\ud800", b"\n", b"\n\n\r\n", b",", b";", b"{", b"}", b"[", b"]", b"]}", b'"}'),
    *(b"[" * 2_000, b'{"a":' * 1_500, b"-", b"1e999", b"9" * 400, b"null", b"NaN", b"\xff" * 9, b"\x80" * 12),
    *(b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff", b"Obj\x01", b"ORC"),
)


def mutated(dice: Random, data: bytes, other: bytes, hot: Sequence[Span] = ()) -> bytes:
    """``data`` with one to four changes; ``other`` is a second sound file, ``hot`` places that matter more."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        at = _place(dice, len(data), hot)
        data = dice.choice(_CHANGES)(dice, data, at, other)
    return data


def _place(dice: Random, size: int, hot: Sequence[Span]) -> int:
    """Where to change data of ``size`` bytes."""
    kind = dice.random()
    if hot and kind < 0.4:
        start, end = dice.choice(hot)
        return min(size, dice.randrange(start, max(start + 1, end)))
    if kind < 0.5:
        return max(0, size - dice.randrange(1, 257))
    if kind < 0.6:
        return min(size, dice.randrange(64))
    return dice.randrange(size + 1)


def _length(dice: Random) -> int:
    return dice.choice((1, 1, 2, 4, 8, 13, 64, 300, 3_000))


def _flip(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    changed = bytearray(data)
    for place in range(at, min(len(data), at + dice.choice((1, 1, 1, 3)))):
        changed[place] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _remove(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    return data[:at] + data[at + _length(dice) :]


def _repeat(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    run = data[at : at + _length(dice)]
    return data[:at] + run * dice.choice((2, 2, 3, 20)) + data[at + len(run) :]


def _swap(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    size = _length(dice)
    return data[:at] + data[at + size : at + 2 * size] + data[at : at + size] + data[at + 2 * size :]


def _truncate(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    return data[:at]


def _behead(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    return data[at:]


def _splice(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    start = dice.randrange(len(other) + 1)
    return data[:at] + dice.choice((other[start:], other[start : start + _length(dice)] + data[at:], other))


def _insert(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    junk = dice.choice(_JUNK)
    return data[:at] + junk + data[at + dice.choice((0, 0, len(junk))) :]


def _number(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    """A whole number of one to eight bytes, either way round, made extreme or a little more or less."""
    size, order = dice.choice((1, 2, 4, 4, 8, 8)), dice.choice(("little", "big"))
    bits = 8 * size
    there = int.from_bytes(data[at : at + size].ljust(size, b"\0"), order)
    value = dice.choice((*_EXTREME, len(data), there + 1, there - 1, there + 8, 2 * there, -there))
    return data[:at] + (value % (1 << bits)).to_bytes(size, order) + data[at + size :]


def _varint(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    """A variable-length number, as Thrift, Avro and Protobuf write it."""
    value, written = dice.choice(_EXTREME) % (1 << 64), bytearray()
    while value > 127:
        written.append(128 | value & 127)
        value >>= 7
    end = at
    while end < len(data) and data[end] > 127:
        end += 1
    return data[:at] + bytes([*written, value]) + data[end + 1 :]


def _float(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    return data[:at] + struct.pack("<d", dice.choice((float("nan"), float("inf"), -1e300, 1e-310))) + data[at + 8 :]


def _erase(dice: Random, data: bytes, at: int, other: bytes) -> bytes:
    run = data[at : at + _length(dice)]
    return data[:at] + dice.choice((b"\0", b"\xff", b" ", b"\n")) * len(run) + data[at + len(run) :]


_CHANGES: tuple[Callable[[Random, bytes, int, bytes], bytes], ...] = (
    *(_flip, _flip, _flip, _remove, _repeat, _swap, _truncate, _behead, _splice, _insert, _insert, _number, _number),
    *(_number, _varint, _varint, _float, _erase),
)
