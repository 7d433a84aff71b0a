"""Together: many small JSON files, a call or some each, in batches over all of them.

A batch a file would cost a thousand times what its call does: gateways that write an object a call to a bucket make
thousands of them a day.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.logs.columns import ColumnMap, first_value
from gauger.logs.files import streams
from gauger.logs.readers import jsonl, records, sniffing

SMALL_BYTES = 64 << 10  # on disk
_UNPACKED_BYTES_MAX = 1 << 20
_ROWS, _BYTES = 8_192, 32 << 20  # of a batch


@dataclass(frozen=True)
class Gathered:
    """Rows of several files."""

    batch: pa.RecordBatch
    files: np.ndarray  # int32, number of the file of each batch row, rising
    rows: np.ndarray  # int64, its row there
    broken: list[tuple[int, list[tuple[int, str]]]]  # number of a file; its rows that could not be parsed, and why
    ended: list[tuple[int, str | None]]  # files that were read, with what is wrong with each


class SmallFiles:
    """Gathers the rows of small files."""

    def __init__(self, column_map: ColumnMap) -> None:
        self._map, self._sources = column_map, column_map.sources()
        self._token_ids = self._sources.get("prompt_token_ids", ())
        self._clear()

    def _clear(self) -> None:
        self._good: list[dict[str, Any]] = []
        self._files: list[int] = []
        self._rows: list[int] = []
        self._broken: list[tuple[int, list[tuple[int, str]]]] = []
        self._ended: list[tuple[int, str | None]] = []
        self._bytes = 0

    def is_full(self) -> bool:
        """Whether what was gathered is enough for a batch."""
        return len(self._rows) >= _ROWS or self._bytes >= _BYTES or len(self._ended) >= _ROWS

    def is_empty(self) -> bool:
        """Whether no file waits to be given out."""
        return not self._ended

    def take(self, number: int, path: Path, size: int) -> bool:
        """Read a file whole; False when it is not small, not JSON or not sound: its format's reader is for it then.

        number : greater than those before; size : bytes on disk
        """
        if self._map.line is not None or size > SMALL_BYTES:
            return False
        if sniffing.suffixes().get(sniffing.suffix_of(path), jsonl.FORMAT) is not jsonl.FORMAT:
            return False
        try:
            content = streams.head_of(path, _UNPACKED_BYTES_MAX)
            if len(content) == _UNPACKED_BYTES_MAX or content.lstrip()[:1] not in (b"{", b"["):
                return False
            rows, error = jsonl.rows_of(path, content, self._map)
        except (OSError, InputError):
            return False
        broken = [(place, row) for place, row in enumerate(rows) if isinstance(row, str)]
        good = [place for place, row in enumerate(rows) if not isinstance(row, str)]
        found = [row for row in rows if not isinstance(row, str)]
        if any(first_value(row, self._token_ids) is not None for row in found):
            return False  # they cannot stand beside texts, and the reader says so of the file
        self._good += found
        self._files += [number] * len(good)
        self._rows += good
        self._broken += [(number, broken)] if broken else []
        self._ended.append((number, error))
        self._bytes += len(content)
        return True

    def give(self) -> Gathered:
        """What was gathered, and start anew."""
        arrays = records.to_arrays(self._good, self._sources, self._map.rules) if self._good else {}
        batch = pa.record_batch(arrays or {"": pa.nulls(len(self._good))})
        files, rows = np.array(self._files, np.int32), np.array(self._rows, np.int64)
        found = Gathered(batch, files, rows, self._broken, self._ended)
        self._clear()
        return found
