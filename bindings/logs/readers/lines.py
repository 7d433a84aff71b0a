"""Lines: a file, compressed or not, as lists of lines in bounded memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

PIECE_BYTES = 256 << 10  # fits a core's cache with what is parsed from it; larger pieces measured slower
LINE_BYTES_MAX = 64 << 20

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


def compression_of(path: Path) -> str | None:
    """How ``path`` is compressed, by its first bytes: gzip, zstd or None."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def open_stream(path: Path) -> pa.NativeFile:
    """The decompressed bytes of ``path``; reading raises ``OSError`` where the data end early or break."""
    return pa.input_stream(str(path), compression=compression_of(path))


def pieces(path: Path) -> Iterator[bytes]:
    """The decompressed bytes of ``path``; ``OSError`` after the last sound byte of a damaged stream."""
    good = 0
    # A read that meets the damage gives nothing back, so what comes before it is fetched in ever smaller
    # reads.
    for size in (PIECE_BYTES, 4096, 1):
        try:
            with open_stream(path) as stream:
                skipped = 0
                while skipped < good:
                    skipped += len(stream.read(min(PIECE_BYTES, good - skipped)))
                while piece := stream.read(size):
                    good += len(piece)
                    yield piece
                return
        except OSError as error:
            damage = error
    raise damage


def blocks(source: Iterable[bytes], line_bytes_max: int = LINE_BYTES_MAX) -> Iterator[list[bytes | None]]:
    """Lists of lines, blank ones left out, without their newline; None stands for a line over the limit.

    Memory is bounded by a piece of ``source`` and the limit: a longer line is never held whole. The last
    line needs no newline. An ``OSError`` of ``source`` passes through after all the whole lines before it.
    """
    pending: list[bytes] = []  # pieces of a line whose newline has not come yet
    pending_bytes = 0
    for number, piece in enumerate(source):
        block = piece.removeprefix(BYTE_ORDER_MARK) if number == 0 else piece
        head, newline, rest = block.partition(b"\n")
        pending_bytes += len(head)
        # Past the limit only the length counts: the pieces are dropped.
        pending = [*pending, head] if pending_bytes <= line_bytes_max else []
        if newline:
            complete, _, tail = rest.rpartition(b"\n")
            line = b"".join(pending) if pending_bytes <= line_bytes_max else None
            yield _sound([line, *complete.split(b"\n")], line_bytes_max)
            pending, pending_bytes = [tail], len(tail)
    if pending_bytes:
        yield _sound([b"".join(pending) if pending_bytes <= line_bytes_max else None], line_bytes_max)


def _sound(lines: list[bytes | None], line_bytes_max: int) -> list[bytes | None]:
    """``lines`` without the blank ones, those over the limit as None."""
    filled = (line for line in lines if line is None or (line and not line.isspace()))
    return [None if line is None or len(line) > line_bytes_max else line for line in filled]
