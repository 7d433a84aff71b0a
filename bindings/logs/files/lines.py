"""Lines: a file as lists of lines in bounded memory."""

from collections.abc import Iterable, Iterator

from gauger.logs.files.limits import CELL_LINES_MAX, LINE_BYTES_MAX
from gauger.logs.files.streams import BYTE_ORDER_MARK


def blocks(
    source: Iterable[bytes], line_bytes_max: int = LINE_BYTES_MAX, *, blank: bool = False
) -> Iterator[list[bytes | None]]:
    """Lists of lines without their newline, blank ones only where asked for; None stands for a line over the limit.

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
        if pending_bytes <= line_bytes_max:
            pending.append(head)
        else:
            pending.clear()
        if newline:
            complete, more, tail = rest.rpartition(b"\n")
            line = b"".join(pending) if pending_bytes <= line_bytes_max else None
            # A gigabyte of nothing but newlines is soon passed over; no cell holds so many either.
            others = complete.split(b"\n") if more and not _is_blank(complete) else []
            yield _sound([line, *others], line_bytes_max, blank)
            pending, pending_bytes = [tail], len(tail)
    if pending_bytes:
        yield _sound([b"".join(pending) if pending_bytes <= line_bytes_max else None], line_bytes_max, blank)


def _is_blank(lines: bytes) -> bool:
    return len(lines) > CELL_LINES_MAX and lines.isspace()


def _sound(lines: list[bytes | None], line_bytes_max: int, blank: bool) -> list[bytes | None]:
    """``lines`` without the blank ones, unless those are wanted, too; those over the limit as None."""
    whole = [line for line in lines if line is not None]
    are_filled = b"" not in whole and not any(map(bytes.isspace, whole))
    if are_filled and len(whole) == len(lines) and max(map(len, whole)) <= line_bytes_max:
        return lines  # as nearly all are
    filled = (line for line in lines if blank or line is None or (line and not line.isspace()))
    return [None if line is None or len(line) > line_bytes_max else line for line in filled]
