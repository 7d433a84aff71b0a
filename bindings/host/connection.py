"""How a recorder and the process that measures for it talk: messages over a socket of one user on one machine.

    uint32 size | a pickle

A pickle is taken only from a process of the same user, whom the kernel names (SO_PEERCRED), and only of a few classes.
"""

from __future__ import annotations

import errno
import os
import pickle
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

MESSAGE_BYTES_MAX = 256 << 20
_TAKEN = {
    ("datetime", "datetime"),
    ("datetime", "timezone"),
    ("datetime", "timedelta"),
    ("collections", "Counter"),
    ("gauger.host.connection", "Became"),
    ("gauger.host.taking", "Unusable"),
}
_SIZE = struct.Struct("<I")
_CREDENTIALS = struct.Struct("3i")  # process, user, group


@dataclass
class Became:
    """What became of some calls."""

    recorded: int = 0
    more: int = 0  # calls that records held beside the first
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    coerced: Counter[str] = field(default_factory=Counter)


def send(to: socket.socket, message: Any) -> None:
    """Send a message. Raises OSError."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    if len(content) > MESSAGE_BYTES_MAX:
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    to.sendall(_SIZE.pack(len(content)) + content)


def receive(of: socket.socket) -> Any:
    """The next message. Raises OSError, EOFError where the other side is gone, and UnpicklingError for no message."""
    (size,) = _SIZE.unpack(_exactly(of, _SIZE.size))
    if size > MESSAGE_BYTES_MAX:
        raise EOFError
    return _Messages(BytesIO(_exactly(of, size))).load()


class _Messages(pickle.Unpickler):
    """Takes what messages are made of, and nothing that could run code of a host's."""

    def find_class(self, module: str, name: str) -> Any:
        """As of ``pickle.Unpickler``."""
        if (module, name) in _TAKEN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{name} is in no message")


def _exactly(of: socket.socket, size: int) -> bytes:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        number = of.recv_into(view)
        if number == 0:
            raise EOFError
        view = view[number:]
    return bytes(content)


def is_own(other: socket.socket) -> bool:
    """Whether the process on the other side is of this user."""
    found = other.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(found)[1] == os.geteuid())
