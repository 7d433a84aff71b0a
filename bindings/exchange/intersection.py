"""Which addresses or payments two providers have in common, and nothing of the others: private set intersection.

Diffie and Hellman's way (Meadows 1986), by OpenMined's library: each side raises hashed values to a secret power, and
twice raised they are compared. Who asks learns which of its own values the other side has, too; the other side learns
how many were asked. Values are text files, one a line: a state directory keeps keyed hashes only, of no use to others.

A file that is sent is ``gaugerpi``, a byte for its kind (1 request, 2 answer), the length of the first of its messages
(uint32, little-endian), and the messages. A request has one message, an answer two: the set-up and the response.
"""

from __future__ import annotations

import importlib
import struct
from pathlib import Path
from typing import Any

from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import GaugerError, InputError
from gauger.engine.common.private import write_file

VALUES_MOST = 100_000
_VALUES_BYTES_MAX, _FILE_BYTES_MAX, _KEY_BYTES = 1 << 24, 1 << 25, 32
_MAGIC, _HEAD = b"gaugerpi", struct.Struct("<8sBI")
_REQUEST, _ANSWER = 1, 2
_FALSE_POSITIVES = 1e-9  # not used where points are sent as they are, and asked for all the same


def request(values: Path, key: Path) -> bytes:
    """What is sent to another provider; the key that reads its answer is written to a file for the owner alone."""
    psi, own = _library(), read_values(values)
    if key.exists():
        raise InputError(f"{key}: is there already; each request has a key of its own")
    client = psi.client.CreateWithNewKey(True)
    content = client.CreateRequest(own).SerializeToString()
    try:
        write_file(key, client.GetPrivateKeyBytes().hex().encode())
    except OSError as error:
        raise InputError(f"{key}: cannot be written ({error.strerror})") from None
    return _HEAD.pack(_MAGIC, _REQUEST, len(content)) + content


def answer(asked: Path, values: Path) -> bytes:
    """The answer to a request, by this provider's values. Raises InputError for what is no request."""
    psi, own = _library(), read_values(values)
    content, rest = _messages(asked, _REQUEST)
    message = _parsed(psi.Request, content, asked)
    if rest or not 0 < len(message.encrypted_elements) <= VALUES_MOST:
        raise InputError(f"{asked}: asks for no value, or for more than {VALUES_MOST:,}")
    server = psi.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(_FALSE_POSITIVES, len(message.encrypted_elements), own, psi.DataStructure.RAW)
    response = _asked(server.ProcessRequest, asked, message)
    first = setup.SerializeToString()
    return _HEAD.pack(_MAGIC, _ANSWER, len(first)) + first + response.SerializeToString()


def common(answered: Path, values: Path, key: Path) -> list[str]:
    """Which of the values asked for the other provider has, too, in their order.

    values, key : those of the request. Raises InputError for what is no answer to it.
    """
    psi, own = _library(), read_values(values)
    first, second = _messages(answered, _ANSWER)
    setup, response = _parsed(psi.ServerSetup, first, answered), _parsed(psi.Response, second, answered)
    if len(response.encrypted_elements) != len(own):
        raise InputError(f"{answered}: answers another request: the number of its values is another one")
    try:
        client = psi.client.CreateFromKey(bytes.fromhex(read_bounded(key, 2 * _KEY_BYTES).decode("ascii")), True)
    except (OSError, ValueError, RuntimeError):
        raise InputError(f"{key}: is no key of a request") from None
    return [own[place] for place in sorted(_asked(client.GetIntersection, answered, setup, response))]


def read_values(path: Path) -> list[str]:
    """The values of a file, one a line, each once, in their order. Raises InputError for none and for too many."""
    try:
        lines = read_bounded(path, _VALUES_BYTES_MAX).decode().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text, one value a line") from None
    values = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not 0 < len(values) <= VALUES_MOST:
        raise InputError(f"{path}: has {len(values):,} values; there can be 1 to {VALUES_MOST:,}")
    return values


def _library() -> Any:
    try:
        return importlib.import_module("private_set_intersection.python")
    except ImportError:
        raise GaugerError("openmined-psi is not installed: pip install 'gauger[psi]'") from None


def _messages(path: Path, kind: int) -> tuple[bytes, bytes]:
    try:
        content = read_bounded(path, _FILE_BYTES_MAX)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) >= _HEAD.size:
        magic, found, length = _HEAD.unpack_from(content)
        body = content[_HEAD.size :]
        if magic == _MAGIC and found == kind and length <= len(body):
            return body[:length], body[length:]
    raise InputError(f"{path}: is no {'request' if kind == _REQUEST else 'answer'} of gauger signature psi")


def _parsed(message: Any, content: bytes, path: Path) -> Any:
    found = message()
    try:
        found.ParseFromString(content)
    except Exception as error:  # DecodeError, of a package that only the library needs
        raise InputError(f"{path}: is damaged ({type(error).__name__})") from None
    return found


def _asked(step: Any, path: Path, *messages: Any) -> Any:
    """A step of the protocol; points that are none are found by the library."""
    try:
        return step(*messages)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path}: is damaged, or not of this exchange ({type(error).__name__})") from None
