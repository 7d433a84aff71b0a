"""The spool: recorded calls on disk, in files that a host appends to and anybody with the key can read.

SPOOL/2026-03-16-3f2a90c17be45d06-000002.open      being written; locked for as long as its host lives
SPOOL/2026-03-16-3f2a90c17be45d06-000001.segment   complete: its last frame is the manifest

A file holds the calls of one UTC day. It is MAGIC, then frames:

    uint64 size | payload: kind (one byte), content | 32 bytes of keyed BLAKE2b over the seal before it and the payload

Each seal is of all frames so far, under a subkey: who can write to the spool, but does not have the key, can neither
frame nor hide anybody by changing, moving, repeating or leaving out a frame. What a host did not finish writing when it
was killed is the end of an open file, and is left out.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import orjson

from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.private import make_folder, opener
from gauger.engine.common.secret import Secret
from gauger.engine.segments import recorded
from gauger.engine.segments.recorded import Recorded, RecordedPart

MAGIC = b"gauger spool 1\r\n"
OPEN, COMPLETE = ".open", ".segment"
FORMAT = 1
_ABOUT, _CALLS, _COUNTS, _MANIFEST = b"a", b"c", b"n", b"m"
_SEAL_BYTES, _FRAME_BYTES_MAX = 32, 256 << 20
_PURPOSE = b"spool"

Pieces = list[bytes | memoryview]


def _sealed(key: bytes, before: bytes, payload: Pieces) -> bytes:
    found = hashlib.blake2b(before, key=key, digest_size=_SEAL_BYTES)
    for piece in payload:
        found.update(piece)
    return found.digest()


class SpoolWriter:
    """Writes one file of a spool. Used by one thread of one process; what fails leaves the frames before it whole."""

    def __init__(self, folder: Path, day: date, secret: Secret, about: Mapping[str, Any]) -> None:
        """about : of the host, as JSON. Raises OSError where the file cannot be made."""
        make_folder(folder)
        self.day = day
        self.name = f"{day.isoformat()}-{secrets.token_hex(8)}"
        self._path = folder / f"{self.name}{OPEN}"
        self._key, self._seal = secret.derived(_PURPOSE), MAGIC
        self._file = FileIO(self._path, "xb", opener=opener)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.bytes = 0
        known = {"format": FORMAT, "key": secret.key_id, "day": day.isoformat(), "name": self.name, **about}
        try:
            self._write([MAGIC])
            self._append(_ABOUT, [orjson.dumps(known)])
        except OSError:
            self.discard()
            self._path.unlink(missing_ok=True)
            raise

    def append(self, found: Recorded) -> None:
        """Add calls. Raises OSError, with the file as it was before; so where it was taken away."""
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._append(_CALLS, recorded.to_bytes(found))

    def note(self, counts: Mapping[str, Any]) -> None:
        """Add what became of all calls that the host was offered so far, as JSON. Raises OSError as ``append``."""
        self._append(_COUNTS, [orjson.dumps(counts)])

    def complete(self, counts: Mapping[str, Any]) -> None:
        """Add the manifest, make the file durable and say that it is complete. Raises OSError; then it stays open."""
        self._append(_MANIFEST, [orjson.dumps(counts)])
        os.fsync(self._file.fileno())
        os.rename(self._path, self._path.with_suffix(COMPLETE))
        self._file.close()

    def _append(self, kind: bytes, content: Pieces) -> None:
        payload = [kind, *content]
        seal = _sealed(self._key, self._seal, payload)
        size = sum(memoryview(piece).nbytes for piece in payload)
        self._write([size.to_bytes(8, "little"), *payload, seal])
        self._seal = seal

    def _write(self, pieces: Pieces) -> None:
        content = b"".join(pieces)
        try:
            written = 0
            while written < len(content):
                written += self._file.write(memoryview(content)[written:])
        except OSError:
            with suppress(OSError):  # a frame that is cut would hide those behind it
                os.ftruncate(self._file.fileno(), self.bytes)
                self._file.seek(self.bytes)
            raise
        self.bytes += len(content)

    def discard(self) -> None:
        """Let go of the file, as after a fork: the other process goes on with it."""
        self._file.close()


class SpoolReader:
    """Reads one file of a spool."""

    def __init__(self, path: Path, secret: Secret) -> None:
        """Raises InputError for a file that is of no spool, or was not written under this key."""
        self.path, self.is_complete = path, False
        self.counts: dict[str, Any] = {}  # what the host last said became of its calls, as far as it is read
        self.cut = 0  # bytes behind the last whole frame
        self._key, self._seal = secret.derived(_PURPOSE), MAGIC
        self._file: BufferedReader | None = BufferedReader(FileIO(path))
        try:
            if self._file.read(len(MAGIC)) != MAGIC:
                raise InputError(f"{path}: is no file of a spool")
            kind, content = next(self._frames(), (b"", b""))
            if kind != _ABOUT:
                raise self._changed()
            self.about = orjson.loads(content)
            if self.about["name"] != path.stem:
                raise InputError(f"{path}: has another name than it was written under; a file is taken once")
        except InputError:
            self.close()
            raise
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self.close()
            raise self._changed() from None

    @property
    def day(self) -> date:
        """The UTC day of its calls."""
        return date.fromisoformat(self.about["day"])

    def calls(self) -> Iterator[Recorded]:
        """What was recorded, in the order it was. Raises InputError where the file is changed, damaged or cut."""
        try:
            for kind, content in self._frames():
                if kind == _CALLS:
                    yield recorded.from_bytes(content)
                self._told(kind, content)
        except StateError:
            raise self._changed() from None
        finally:
            self.close()
        self._check_end()

    def verify(self) -> int:
        """Check all seals without a look at any call; how many frames of calls there are. Raises as ``calls``."""
        found = 0
        try:
            for kind, content in self._frames():
                found += kind == _CALLS
                self._told(kind, content)
        finally:
            self.close()
        self._check_end()
        return found

    def sealed_bytes(self) -> int:
        """How much of it is sealed, up to where it is cut or changed: of two copies the one with more is the wholer."""
        found = 0
        try:
            for _, content in self._frames():
                found += len(content)
        except InputError:
            pass
        finally:
            self.close()
        return found

    def _told(self, kind: bytes, content: memoryview) -> None:
        if kind in (_COUNTS, _MANIFEST):
            self.counts = orjson.loads(content)
            self.is_complete = kind == _MANIFEST

    def _check_end(self) -> None:
        if self.path.suffix == COMPLETE and not self.is_complete:
            raise InputError(f"{self.path}: ends before its manifest; what lies before was read")

    def parts(self, file: int, rows: int) -> Iterator[RecordedPart]:
        """``calls`` in parts of about so many rows, as those of an input of this number."""
        first, waiting, held = 0, list[Recorded](), 0
        for found in self.calls():
            waiting.append(found)
            held += found.offered
            if held >= rows:
                yield RecordedPart.of(file, first, waiting)
                first, waiting, held = first + held, [], 0
        if held:
            yield RecordedPart.of(file, first, waiting)

    def _frames(self) -> Iterator[tuple[bytes, memoryview]]:
        """Kind and content of the frames from here on, up to one that is not whole."""
        assert self._file is not None
        while not self.is_complete:
            head = self._file.read(8)
            size = int.from_bytes(head, "little")
            if len(head) == 8 and not 0 < size <= _FRAME_BYTES_MAX:
                raise self._changed()
            data = self._file.read(size + _SEAL_BYTES) if len(head) == 8 else b""
            if len(data) != size + _SEAL_BYTES or len(head) != 8:
                self.cut = len(head) + len(data)
                return
            payload = memoryview(data)[:size]
            seal = _sealed(self._key, self._seal, [payload])
            if not secrets.compare_digest(seal, data[size:]):
                raise self._changed()
            self._seal = seal
            yield bytes(payload[:1]), payload[1:]

    def _changed(self) -> InputError:
        return InputError(f"{self.path}: damaged, changed, or written under another key; nothing more of it is taken")

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def is_spool(path: Path) -> bool:
    """Whether a file is of a spool, by how it begins. A file that cannot be read is not."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def is_being_written(path: Path) -> bool:
    """Whether the host that writes a file is alive, as far as this machine can see."""
    if path.suffix != OPEN:
        return False
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False
