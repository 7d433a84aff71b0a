"""A state as bytes, to be sent to another process or kept in a column: what ``checkpoint`` writes, in one piece.

MAGIC | uint64 size | zstd of: uint64 size of the header | header: JSON, bytes of each file by name | the files
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.state.checkpoint import load_state, save_state
from gauger.engine.state.state import State

MAGIC = b"gauger state 1\n"
_SIZE_BYTES = 8
_RATIO_MAX = 1_000  # of sizes, beyond which no state is packed


def to_bytes(state: State) -> bytes:
    """The same calls give the same bytes, in any order."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        save_state(state, folder)
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    header = orjson.dumps({file: len(content) for file, content in files.items()})
    content = b"".join([len(header).to_bytes(_SIZE_BYTES, "little"), header, *files.values()])
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return MAGIC + len(content).to_bytes(_SIZE_BYTES, "little") + packed


def from_bytes(data: bytes, secret: Secret) -> State:
    """The inverse. Raises StateError for another key or format, and for bytes that are damaged."""
    start = len(MAGIC) + _SIZE_BYTES
    size = int.from_bytes(data[len(MAGIC) : start], "little")
    try:
        if not data.startswith(MAGIC) or size > _RATIO_MAX * len(data):
            raise ValueError(size)
        files = _files(pa.decompress(memoryview(data)[start:], size, codec="zstd", asbytes=True))
    except (ValueError, TypeError, AttributeError, OSError, MemoryError, pa.ArrowException):
        raise StateError("these bytes are no state, or damaged") from None
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        try:
            return load_state(folder, secret)
        except StateError as error:
            raise StateError(str(error).replace(str(folder), "state bytes")) from None


def _files(content: bytes) -> dict[str, bytes]:
    """The files by name. Raises ValueError, TypeError or AttributeError where the header does not fit what follows."""
    at = _SIZE_BYTES + int.from_bytes(content[:_SIZE_BYTES], "little")
    found: dict[str, bytes] = {}
    for name, size in orjson.loads(content[_SIZE_BYTES:at]).items():
        if Path(name).name != name or not 0 <= size <= len(content) - at:
            raise ValueError(name)
        found[name] = content[at : at + size]
        at += size
    if at != len(content):
        raise ValueError(at)
    return found
