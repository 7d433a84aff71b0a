"""Streams: the bytes of a file as UTF-8, whatever it is compressed with and however its text is encoded.

Everything is told by first bytes, never by a name: gzip, zstd, lz4 and xz frames, bz2, framed Snappy, each with as
many members as there are; the records with a length before each that OpenTelemetry's collector writes; one of these
inside another; UTF-16, by its byte order mark or its zero bytes.
"""

import bz2
import codecs
import errno
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from gauger.logs.files import limits
from gauger.stores.elsewhere import Elsewhere, opened, streamed

PIECE_BYTES = 256 << 10  # fits a core's cache with what is parsed from it; larger pieces measured slower
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LAYERS_MAX = 3  # Firehose compresses what CloudWatch has compressed
_ZSTD = b"\x28\xb5\x2f\xfd"
_MAGIC = {
    b"\x1f\x8b\x08": "gzip",
    _ZSTD: "zstd",
    b"\x50\x2a\x4d\x18": "zstd",  # a frame to be skipped, as parallel writers put first
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bz2",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
}
_HEAD_BYTES = 10
_SNAPPY_BLOCK_MAX = 1 << 16  # bytes of a block; the format allows no more
_PREFIX_BYTES = 4


class _Stream:
    """A source of bytes made of pieces; any damage is an ``OSError``."""

    def __init__(self, source: Any, pieces: Iterator[bytes]) -> None:
        self._source, self._pieces, self._left = source, pieces, memoryview(b"")

    def read(self, size: int) -> bytes:
        """At least one byte and at most ``size``; none at the end."""
        while not len(self._left):
            try:
                piece = next(self._pieces, None)
            except (EOFError, ValueError, lzma.LZMAError, pa.ArrowException) as error:
                raise OSError(f"damaged compression ({type(error).__name__})") from None
            if piece is None:
                return b""
            self._left = memoryview(piece)
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what it comes from."""
        self._source.close()


def compression_of(head: bytes) -> str | None:
    """How data that begin with ``head`` (ten bytes) are packed; None when they are not."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    size, first = int.from_bytes(head[:_PREFIX_BYTES]), head[_PREFIX_BYTES:]
    if 0 < size <= limits.LINE_BYTES_MAX and (first.startswith(_ZSTD) or (head[0] == 0 and first[:1] in (b"{", b"\n"))):
        return "prefixed"
    return None


def open_stream(path: Path) -> Any:
    """The bytes of ``path``, unpacked and in UTF-8; ``read(size)`` raises ``OSError`` where they end early or break."""
    layers: list[str] = []
    with opened(path) as file:
        head = file.read(_HEAD_BYTES)
    while (kind := compression_of(head)) is not None and len(layers) < _LAYERS_MAX:
        layers.append(kind)
        with _unpacked(path, layers) as stream:
            head = _filled(stream, _HEAD_BYTES)
    stream = _unpacked(path, layers)
    encoding = _wide_encoding(head)
    return stream if encoding is None else _Stream(stream, _transcoded(stream, encoding))


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of ``path``, unpacked, without a byte order mark. Raises ``OSError``."""
    with open_stream(path) as stream:
        return _filled(stream, size).removeprefix(BYTE_ORDER_MARK)


def pieces(path: Path) -> Iterator[bytes]:
    """The unpacked bytes of ``path``; ``OSError`` after the last sound byte of a damaged stream."""
    good = 0
    # A read that meets the damage gives nothing back, so what comes before it is fetched in ever smaller
    # reads. What a network did not give may come the second time.
    for size in (PIECE_BYTES, *((PIECE_BYTES,) if isinstance(path, Elsewhere) else (4096, 1))):
        try:
            with open_stream(path) as stream:
                skipped = 0
                while skipped < good and (piece := stream.read(min(PIECE_BYTES, good - skipped))):
                    skipped += len(piece)
                while piece := stream.read(size):
                    good += len(piece)
                    yield piece
                return
        except OSError as error:
            damage = error
    raise damage


def peeked(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first ``size`` bytes or more of what comes, and all of it; damage is met where it is."""
    taken: list[bytes] = []
    damage: list[OSError] = []
    try:
        while sum(map(len, taken)) < size and (piece := next(pieces, b"")):
            taken.append(piece)
    except OSError as error:
        damage.append(error)

    def everything() -> Iterator[bytes]:
        yield from taken
        if damage:
            raise damage[0]
        yield from pieces

    return b"".join(taken), everything()


def _filled(stream: Any, size: int) -> bytes:
    """As many bytes as there are, up to ``size``."""
    found = b""
    while len(found) < size and (piece := stream.read(size - len(found))):
        found += piece
    return found


def _unpacked(path: Path, layers: list[str]) -> Any:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # Arrow cannot open it
        raise OSError(errno.EINVAL, "its name is not UTF-8; rename the file") from None
    is_elsewhere = isinstance(path, Elsewhere)
    if not layers or (len(layers) == 1 and layers[0] in ("gzip", "zstd", "lz4")):
        source = streamed(path) if is_elsewhere else str(path)
        return pa.input_stream(source, compression=layers[0] if layers else None)
    stream: Any = streamed(path) if is_elsewhere else io.FileIO(path)
    for layer in layers:
        stream = _OPENERS[layer](stream)
    return stream


def unpacked(stream: Any, kind: str) -> Any:
    """What a stream packed as ``kind`` holds; ``read(size)`` raises ``OSError`` where it ends early or breaks."""
    return _OPENERS[kind](stream)


def _of_arrow(kind: str) -> Callable[[Any], Any]:
    return lambda stream: _Stream(stream, _read(pa.CompressedInputStream(pa.PythonFile(_File(stream), "r"), kind)))


class _File:
    """A stream as the file that Arrow expects; closing it closes the stream."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self.read, self.close = stream.read, stream.close


def _by_members(opened: Callable[[], Any]) -> Callable[[Any], Any]:
    """What unpacks a stream of members, as bz2 and xz have, by what unpacks one of them."""
    return lambda stream: _Stream(stream, _members(stream, opened))


def _members(stream: Any, opened: Callable[[], Any]) -> Iterator[bytes]:
    """The bytes of all members. Behind one stands another, or zeros: Python's own readers drop anything else."""
    packed = stream.read(PIECE_BYTES)
    while packed:
        unpacker = opened()
        while not unpacker.eof:
            if unpacker.needs_input and not packed and not (packed := stream.read(PIECE_BYTES)):
                raise EOFError
            piece, packed = unpacker.decompress(packed, PIECE_BYTES), b""
            if piece:
                yield piece
        packed = unpacker.unused_data.lstrip(b"\0")
        while not packed and (more := stream.read(PIECE_BYTES)):
            packed = more.lstrip(b"\0")


def _read(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _snappy(stream: Any) -> Iterator[bytes]:
    """The blocks of framed Snappy. Their checksums are CRC-32C, which no library here computes: not verified."""
    codec = pa.Codec("snappy")
    while header := _filled(stream, 4):
        kind, size = header[0], int.from_bytes(header[1:], "little")
        body = _filled(stream, size)
        if len(header) < 4 or len(body) < size:
            raise EOFError
        if kind in (0, 1):
            block = body[4:]  # behind the checksum
            yield bytes(codec.decompress(block, _varint(block))) if kind == 0 else block
        elif kind < 0x80:
            raise ValueError("a block of an unknown kind")


def _varint(block: bytes) -> int:
    """The decoded size that stands before a Snappy block."""
    size = 0
    for place, byte in enumerate(block[:3]):
        size |= (byte & 127) << 7 * place
        if byte < 128 and size <= _SNAPPY_BLOCK_MAX:
            return size
    raise ValueError("a block over the size that the format allows")


def _prefixed(stream: Any) -> Iterator[bytes]:
    """Records with their length (four bytes, big-endian) before each, perhaps packed one by one; a line each."""
    while prefix := _filled(stream, _PREFIX_BYTES):
        size = int.from_bytes(prefix)
        if size > limits.LINE_BYTES_MAX:
            raise ValueError("a length over the limit")
        record = _filled(stream, size)
        if len(prefix) < _PREFIX_BYTES or len(record) < size:
            raise EOFError
        if record.startswith(_ZSTD):
            yield from _read(pa.CompressedInputStream(pa.BufferReader(record), "zstd"))
        else:
            yield record
        yield b"\n"


_OPENERS: dict[str, Callable[[Any], Any]] = {
    "gzip": _of_arrow("gzip"),
    "zstd": _of_arrow("zstd"),
    "lz4": _of_arrow("lz4"),
    "bz2": _by_members(bz2.BZ2Decompressor),
    "xz": _by_members(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)),
    "snappy": lambda stream: _Stream(stream, _snappy(stream)),
    "prefixed": lambda stream: _Stream(stream, _prefixed(stream)),
}


def _wide_encoding(head: bytes) -> str | None:
    """The encoding of UTF-16 text that begins with ``head``; None for any other."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) >= 4 and head[0] and head[2] and not (head[1] or head[3]):
        return "utf-16-le"
    if len(head) >= 4 and head[1] and head[3] and not (head[0] or head[2]):
        return "utf-16-be"
    return None


def _transcoded(stream: Any, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while piece := stream.read(PIECE_BYTES):
        # A half of a pair stands as bytes that are not UTF-8: it costs its own row.
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
