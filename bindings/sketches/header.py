"""The header of a stored sketch: 32 bytes, little-endian.

offset  bytes
     0      4   kind: "gHLL" or "gCMS"
     4      1   version of the format: 1
     5      2   shape: precision and 0 (gHLL), depth and log2 of the width (gCMS)
     7      1   0
     8      8   key id: names the secret, does not give it away
    16      8   values counted, uint64 (gCMS; 0 otherwise)
    24      4   CRC-32 of the whole with this field 0: finds damage, not malice
    28      4   0
    32          the sketch
"""

import struct
import zlib
from dataclasses import dataclass

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret

VERSION = 1
_FORM = struct.Struct("<4sBBBx8sQI4x")
SIZE = _FORM.size


@dataclass(frozen=True)
class Header:
    """What the header says of the sketch behind it."""

    shape: tuple[int, int]
    total: int


def pack(kind: bytes, shape: tuple[int, int], total: int, secret: Secret, body: bytes) -> bytes:
    """A sketch with its header."""
    key_id = bytes.fromhex(secret.key_id)
    checksum = zlib.crc32(_FORM.pack(kind, VERSION, *shape, key_id, total, 0) + body)
    return _FORM.pack(kind, VERSION, *shape, key_id, total, checksum) + body


def unpack(kind: bytes, data: bytes | bytearray | memoryview, secret: Secret) -> tuple[Header, bytes]:
    """Header and sketch of ``data``; raises ``StateError`` unless it is whole, of this kind, version and secret."""
    data = bytes(data)
    if len(data) < SIZE or data[:4] != kind:
        raise StateError(f"these bytes are not a stored sketch of kind {kind.decode()}")
    _, version, first, second, key_id, total, checksum = _FORM.unpack_from(data)
    if version != VERSION:
        raise StateError(f"this sketch is of format {version}; this gauger reads {VERSION}")
    body = data[SIZE:]
    if data != _FORM.pack(kind, version, first, second, key_id, total, checksum) + body or checksum != zlib.crc32(
        _FORM.pack(kind, version, first, second, key_id, total, 0) + body
    ):
        raise StateError("this sketch is damaged; store it again")
    if key_id.hex() != secret.key_id:
        raise StateError(f"this sketch was made with key {key_id.hex()}, not with {secret.key_id}")
    return Header((first, second), total), body


def same_key(left: Secret, right: Secret) -> None:
    """Raise ``StateError`` unless both are one secret: sketches of two do not merge."""
    if left.key_id != right.key_id:
        raise StateError(f"sketches of keys {left.key_id} and {right.key_id} do not merge")
