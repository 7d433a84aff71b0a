"""What Spark reads calls from: files that tasks open themselves, or a DataFrame whose rows have names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gauger.cluster.inputs import inputs_of
from gauger.cluster.run import Found, looked_up
from gauger.engine.cluster.steps import Parts
from gauger.engine.common.errors import InputError
from gauger.engine.intake.parts import Ended, Part
from gauger.engine.plan.measure import Source
from gauger.logs.columns import ColumnMap
from gauger.logs.readers.tabular import Layout

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FILE, ROW = "gauger_file", "gauger_row"
_NAMELESS = (
    "the rows of this DataFrame have no names: read Parquet files with Spark, add columns gauger_file (a path) and "
    "gauger_row (its row there), or give the files themselves"
)


@dataclass(frozen=True)
class Rows:
    """A DataFrame of calls, with the name of each row."""

    frame: DataFrame
    found: Found
    numbers: dict[str, int]  # of files, as the DataFrame names them


@dataclass(frozen=True)
class RowsReader:
    """Makes parts of Arrow batches of a DataFrame, in a task."""

    numbers: dict[str, int]
    column_map: ColumnMap

    def parts(self, batches: Iterable[pa.RecordBatch]) -> Parts:
        """Its rows."""

        def of(failed: set[int]) -> Iterator[Source]:
            files = set()
            for batch in batches:
                for number, path, part in self._by_file(batch):
                    files.add(number)
                    if part.column(ROW).null_count:
                        raise InputError(_NAMELESS)
                    rows = part.column(ROW).to_numpy(zero_copy_only=False).astype(np.int64)
                    own = part.drop_columns([FILE, ROW])
                    layout = Layout.of(Path(path), own.schema, self.column_map, None)
                    yield Part(layout.canonical(own), number, rows)
            for number in sorted(files - failed):
                yield Ended(number)

        return of

    def _by_file(self, batch: pa.RecordBatch) -> Iterator[tuple[int, str, pa.RecordBatch]]:
        names = batch.column(FILE).to_pylist()
        start = 0
        for end in range(1, len(names) + 1):
            if end == len(names) or names[end] != names[start]:
                yield self.numbers[names[start]], names[start], batch.slice(start, end - start)
                start = end


def from_files(calls: str | Path | Sequence[str | Path], columns: str | None) -> Found:
    """Files that tasks read themselves."""
    return looked_up([calls] if isinstance(calls, (str, Path)) else list(calls), columns)


def from_frame(frame: DataFrame, columns: str | None) -> Rows:
    """A DataFrame whose rows are named by the files they come from. Raises InputError for another."""
    from pyspark.errors import AnalysisException
    from pyspark.sql.functions import col

    if not {FILE, ROW} <= set(frame.columns):
        try:
            frame = frame.select("*", col("_metadata.file_path").alias(FILE), col("_metadata.row_index").alias(ROW))
        except AnalysisException:
            raise InputError(_NAMELESS) from None
    urls = [row[0] for row in frame.select(FILE).distinct().toLocalIterator()]
    if None in urls:
        raise InputError(_NAMELESS)
    found = looked_up([_for_us(url) for url in urls], columns)
    numbers = {item.path.resolve(): number for number, item in enumerate(found.inputs)}
    # A file is numbered as one machine numbers it, whatever Spark calls it.
    of_url = {url: numbers[one.path.resolve()] for url in urls for one in inputs_of([_for_us(url)])}
    if found.column_map.is_shaped:
        raise InputError(f"the column map {found.column_map.name} makes calls of records; give the files as URLs")
    schema = frame.drop(FILE, ROW).limit(0).toArrow().schema
    wanted = Layout.of(Path(urls[0]), schema, found.column_map, None).top_level()
    return Rows(frame.select(*(f"`{name}`" for name in [*wanted, FILE, ROW])), found, of_url)


def _for_us(url: str) -> str:
    """A URL as gauger's stores name it."""
    return url.replace("s3a://", "s3://", 1)
