"""CSV: a header, then rows; every cell is read as bytes and left to intake to interpret.

Nothing is guessed while reading: "00123" stays an account, and bad UTF-8 costs its own row only. Empty cells are
null. Blank lines are not rows. The separator is a comma, or the only one of semicolon, tab and bar in the header; a
first line ``sep=;``, as Excel writes it, says so itself.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.logs.column_map import ColumnMap, Csv
from gauger.logs.files import cells, limits, lines, sound_rows, streams
from gauger.logs.readers.chunk import BATCH_BYTES, Chunk, cut_short, empty_batch
from gauger.logs.readers.format import Format
from gauger.logs.readers.tabular import Layout

_SEPARATOR_LINE = re.compile(rb'"?sep=([,;\t|])"?\r?')


def read(
    path: Path, column_map: ColumnMap, *, batch_rows: int, columns: Sequence[str] | None = None
) -> Iterator[Chunk]:
    """Chunks of the file; rows with more or fewer cells than the header are broken."""
    read_rows = 0
    try:
        for chunk in _chunks(path, column_map, batch_rows, columns):
            read_rows += chunk.batch.num_rows + len(chunk.broken)
            yield chunk
    except OSError as error:
        raise cut_short(path, "CSV", error, read_rows) from None
    except cells.TooManyTornError:
        raise InputError(
            f"{path}: quotes are torn in more than {limits.TORN_QUOTES_MAX:,} rows; write it again with quotes doubled"
        ) from None


def _chunks(path: Path, column_map: ColumnMap, batch_rows: int, columns: Sequence[str] | None) -> Iterator[Chunk]:
    rows = _rows(path, _lines(path, column_map.csv.encoding), column_map.csv)
    header = next(rows.of(None), [])
    if isinstance(header, str):
        raise InputError(f"{path}: its header cannot be read ({header}); mend it")
    names = _names(path, header)
    if not names:
        return
    layout = Layout.of(path, pa.schema([(name, pa.binary()) for name in names]), column_map, columns)
    gathered = _Gathered(layout, names, batch_rows, columns)
    damage: Exception | None = None
    try:
        while rows.fetch() or rows.are_waiting():
            text, lines = rows.sound()
            table = sound_rows.table(text, names, layout.top_level(), rows.separator, rows.quote) if lines else None
            if table is not None:
                rows.skip(lines)
                yield from gathered.add_table(table)
                continue
            for row in rows.waiting(len(names)):
                gathered.add(row)
                if gathered.is_full():
                    yield gathered.chunk()
    except (OSError, cells.TooManyTornError) as error:
        damage = error
    if gathered.rows:
        yield gathered.chunk()
    if damage is not None:
        raise damage


class _Gathered:
    """Rows on their way into a chunk."""

    def __init__(self, layout: Layout, names: list[str], batch_rows: int, columns: Sequence[str] | None) -> None:
        self._layout, self._width, self._batch_rows, self._columns = layout, len(names), batch_rows, columns
        self._needed = layout.top_level()
        self._places = [names.index(name) for name in self._needed]
        self._row = 0  # of the file
        self._clear()

    def _clear(self) -> None:
        self.rows = 0  # gathered, broken ones too
        self._size = 0  # bytes of the cells that are kept
        self._numbers: list[np.ndarray] = []
        self._broken: list[tuple[int, str]] = []
        self._tables: list[pa.RecordBatch] = []
        self._kept: list[list[bytes]] = []  # rows that are in no table yet
        self._kept_numbers: list[int] = []

    def is_full(self) -> bool:
        """Whether there is enough for a chunk."""
        return self._size >= BATCH_BYTES or self.rows >= self._batch_rows

    def add(self, row: list[bytes] | str) -> None:
        """Take in the next row of the file."""
        if isinstance(row, list) and len(row) == self._width:
            kept = [row[place] for place in self._places]
            self._size += sum(map(len, kept))
            self._kept.append(kept)
            self._kept_numbers.append(self._row)
        else:
            reason = row if isinstance(row, str) else f"row has {len(row)} cells, not {self._width}"
            self._broken.append((self._row, reason))
        self._row += 1
        self.rows += 1

    def add_table(self, table: pa.RecordBatch) -> Iterator[Chunk]:
        """Take in the next rows of the file, all sound, and give out what is full."""
        done = 0
        while done < table.num_rows:
            part = table.slice(done, self._batch_rows - self.rows)
            self._settle()
            self._tables.append(part)
            self._numbers.append(np.arange(self._row, self._row + part.num_rows, dtype=np.int64))
            self._size += part.nbytes
            self._row += part.num_rows
            self.rows += part.num_rows
            done += part.num_rows
            if self.is_full():
                yield self.chunk()

    def _settle(self) -> None:
        """Make a table of the rows that came one by one."""
        if self._kept:
            values = zip(*self._kept, strict=True)
            arrays = [pa.array([cell or None for cell in column], pa.binary()) for column in values]
            self._tables.append(pa.RecordBatch.from_arrays(arrays, self._needed))
            self._numbers.append(np.array(self._kept_numbers, np.int64))
            self._kept, self._kept_numbers = [], []

    def chunk(self) -> Chunk:
        """What was gathered, and start anew."""
        self._settle()
        if self._tables:
            batch = self._layout.canonical(pa.concat_batches(self._tables))
            found = Chunk(batch, np.concatenate(self._numbers), self._broken)
        else:
            found = Chunk(empty_batch(self._columns), np.zeros(0, np.int64), self._broken)
        self._clear()
        return found


def _lines(path: Path, encoding: str | None) -> Iterator[list[bytes | None]]:
    """Lists of physical lines; of a file that ends lines with carriage returns alone, as old spreadsheets do, too."""
    head, pieces = streams.peeked(streams.pieces(path), streams.PIECE_BYTES)
    if encoding is not None:
        decoded = codecs.iterdecode(pieces, encoding, "replace")
        pieces = (piece.encode("utf-8", "replace") for piece in decoded)
    if b"\r" in head and b"\n" not in head:
        pieces = (piece.replace(b"\r", b"\n") for piece in pieces)
    return lines.blocks(pieces, limits.CELL_BYTES_MAX, blank=True)


def _rows(path: Path, blocks: Iterator[list[bytes | None]], dialect: Csv) -> cells.Rows:
    """The rows behind the line that names the separator, or all."""
    first = next((block for block in blocks if any(block)), [])
    while first and not first[0]:
        if first[0] is None:
            raise InputError(f"{path}: its header is longer than {limits.CELL_BYTES_MAX >> 20} MB; no CSV file")
        first.pop(0)
    named = _SEPARATOR_LINE.fullmatch(first[0] or b"") if first else None
    if named is not None:
        first.pop(0)
    header = (first[0] or b"") if first else b""
    try:
        own = None if dialect.delimiter is None else dialect.delimiter.encode()
        separator = own or (cells.separator_of(header) if named is None else named[1])
    except cells.AmbiguousError:
        raise InputError(f"{path}: its header has no comma but several of ; | and tab; write it with commas") from None
    if header.count(separator) >= limits.COLUMNS_MAX:
        raise InputError(f"{path}: more than {limits.COLUMNS_MAX:,} columns; no log has that many")

    def all_of() -> Iterator[list[bytes | None]]:
        yield first
        yield from blocks

    return cells.Rows(all_of(), separator, cells.QUOTE if dialect.quote is None else dialect.quote.encode())


def _names(path: Path, header: list[bytes]) -> list[str]:
    """The column names, those without one numbered."""
    names = [cell.decode(errors="replace").strip() for cell in header]
    twice = {name for name in names if name}
    if len(twice) < sum(map(bool, names)):
        raise InputError(f"{path}: a column appears twice in the header; give each its own name")
    return [name or f"column {place}" for place, name in enumerate(names)]


FORMAT = Format("csv", (".csv", ".tsv", ".tab", ".psv"), (), read, is_text=True)
