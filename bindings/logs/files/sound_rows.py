"""Sound rows: lines of separated values that have one reading only, and pyarrow's reading of them.

A cell that is opened by a quote is closed by one; quotes stand nowhere else, but doubled within. pyarrow is several
times as fast as ``cells``, but tells no torn rows: what is not sound, or has another number of cells, is left to it.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv

from gauger.logs.files import limits
from gauger.logs.files.streams import BYTE_ORDER_MARK

AGAIN_BYTES_MAX = 4 * limits.CELL_BYTES_MAX  # what ``cells`` looks at for one row of many lines
_NEWLINE, _RETURN = b"\n", b"\r"


def sound_lines(lines: Sequence[bytes | None], separator: bytes, quote: bytes) -> tuple[bytes, int]:
    """The first of some lines as text, and how many: as many as are whole rows. None, where one may be no sound row."""
    whole = [line for line in lines if line is not None]
    if len(whole) < len(lines) or any(map(bytes.isspace, whole)) or len(separator) != 1 or len(quote) != 1:
        return b"", 0
    text = _NEWLINE.join(whole) + _NEWLINE
    if text.count(_RETURN) != text.count(_RETURN + _NEWLINE) or text.startswith(BYTE_ORDER_MARK):
        return b"", 0
    if quote not in text:
        return text, len(lines)
    letters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(letters == quote[0])
    ends = np.flatnonzero(letters == _NEWLINE[0])
    outside = np.searchsorted(quotes, ends) % 2 == 0  # of quotes: the line ends a row
    rows = np.flatnonzero(outside)
    if not len(rows):
        return b"", 0
    kept, size = int(rows[-1]) + 1, int(ends[rows[-1]]) + 1
    quotes = quotes[: np.searchsorted(quotes, size)]
    if _are_odd(letters, quotes, separator) or _are_long(rows, ends[rows]):
        return b"", 0
    return text[:size], kept


def _are_odd(letters: np.ndarray, quotes: np.ndarray, separator: bytes) -> bool:
    """Whether one of the quotes neither opens nor closes a cell, nor is one of two within it."""
    opening, closing = quotes[::2], quotes[1::2]
    doubled = closing[:-1] + 1 == opening[1:]
    before = letters[opening - 1]  # that of the first letter is the last, which is a newline
    begins = (before == separator[0]) | (before == _NEWLINE[0])
    behind = letters[closing + 1]
    ends = (behind == separator[0]) | (behind == _NEWLINE[0]) | (behind == _RETURN[0])
    begins[1:] |= doubled
    ends[:-1] |= doubled
    return not (begins.all() and ends.all())


def _are_long(rows: np.ndarray, ends: np.ndarray) -> bool:
    """Whether a row may be beyond a limit.

    rows, ends : number of the line that ends each, and where it ends
    """
    most_lines = int(np.diff(rows, prepend=-1).max())
    longest = int(np.diff(ends, prepend=-1).max())
    return most_lines > 1 and (most_lines > limits.CELL_LINES_MAX or most_lines * longest > AGAIN_BYTES_MAX)


def table(
    text: bytes, names: Sequence[str], needed: Sequence[str], separator: bytes, quote: bytes
) -> pa.RecordBatch | None:
    """The columns ``needed`` of sound rows as binary arrays, null for empty cells.

    None where a row has another number of cells than there are names.
    """
    try:
        found = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=list(names)),
            pyarrow.csv.ParseOptions(
                delimiter=separator.decode("latin-1"),
                quote_char=quote.decode("latin-1"),
                newlines_in_values=True,
            ),
            pyarrow.csv.ConvertOptions(
                check_utf8=False,
                include_columns=list(needed),
                column_types=dict.fromkeys(needed, pa.binary()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in found.columns], list(needed))
