"""A state as bytes, to be sent to another process or kept in a column: what ``checkpoint`` writes, in one piece.

MAGIC | uint64 size | zstd of the files, as ``arrays`` has them
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.segments.arrays import decoded, encoded
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
        files = {path.name: np.frombuffer(path.read_bytes(), np.uint8) for path in sorted(folder.iterdir())}
    content = b"".join(encoded(files))
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return MAGIC + len(content).to_bytes(_SIZE_BYTES, "little") + packed


def from_bytes(data: bytes, secret: Secret) -> State:
    """The inverse. Raises StateError for another key or format, and for bytes that are damaged."""
    start = len(MAGIC) + _SIZE_BYTES
    size = int.from_bytes(data[len(MAGIC) : start], "little")
    try:
        if not data.startswith(MAGIC) or size > _RATIO_MAX * len(data):
            raise ValueError
        files = decoded(pa.decompress(memoryview(data)[start:], size, codec="zstd", asbytes=True))
        if any(Path(name).name != name for name in files):
            raise ValueError
    except (ValueError, KeyError, TypeError, OSError, MemoryError, pa.ArrowException):
        raise StateError("these bytes are no state, or damaged") from None
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content.tobytes())
        try:
            return load_state(folder, secret)
        except StateError as error:
            raise StateError(str(error).replace(str(folder), "state bytes")) from None
