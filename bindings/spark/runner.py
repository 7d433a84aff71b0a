"""Steps as Spark's tasks: pieces are rows of DataFrames on executors' disks, and move by shuffle."""

from __future__ import annotations

import re
import tempfile
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gauger.cluster.inputs import Files, in_tasks
from gauger.cluster.run import Found
from gauger.cluster.tasks import Step, task_secret, units_as_pieces, work_on
from gauger.engine.cluster.pieces import Piece, batch_of, pieces_of
from gauger.engine.cluster.steps import FEW, Measure
from gauger.engine.common.errors import GaugerError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.shards import SHARDS
from gauger.logs.columns import ColumnMap
from gauger.spark.sources import Rows, RowsReader

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

SECRET = "spark.gauger.secret"
# Tasks are told it as a property of that name. Spark hides such a value in its logs and pages only where the session's
# configuration has it, too: a key from elsewhere is never told, and executors are to have it themselves.
_SCHEMA = "kind string, shard int, name string, part int, data binary"
_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"
_OURS = re.compile(r"^gauger\.engine\.common\.errors\.\w+: (.+)$", re.MULTILINE)
_PIECES_AT_ONCE = "4"  # of up to eight megabytes


@dataclass(frozen=True)
class Broadcasted:
    """Bytes as a broadcast."""

    value: Broadcast[bytes]

    def get(self) -> bytes:
        """As in ``Shared``."""
        return self.value.value


def configured_secret(spark: SparkSession) -> Secret | None:
    """The secret of a session's configuration, ``spark.gauger.secret``; None where there is none."""
    text = spark.sparkContext.getConf().get(SECRET)
    return Secret.from_hex(text) if text else None


def _secret(key_id: str) -> Secret:
    from pyspark import TaskContext

    context = TaskContext.get()
    return task_secret(key_id, None if context is None else context.getLocalProperty(SECRET))


def _said(error: Exception) -> Exception:
    """What a task said before it failed, if it was one of our sentences; else its error as it came."""
    found = _OURS.findall(str(error))
    return GaugerError(found[-1]) if found else error


@dataclass(frozen=True)
class _Task:
    """A step over the units of a partition."""

    step: Step
    units: int
    key_id: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from map(batch_of, work_on(pieces_of(batches), self.units, self.step, _secret(self.key_id)))


@dataclass(frozen=True)
class _MeasureFiles:
    """Measure the files whose numbers a partition holds."""

    step: Measure
    tasks: list[Files]
    column_map: ColumnMap
    key_id: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        secret = _secret(self.key_id)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                task = self.tasks[number]
                parts = task.parts(self.column_map, self.step.settings, secret)
                with tempfile.TemporaryDirectory(prefix="gauger-") as folder:
                    yield from map(batch_of, self.step(secret, task.name, parts, Path(folder)))


@dataclass(frozen=True)
class _MeasureRows:
    """Measure the rows of a partition."""

    step: Measure
    reader: RowsReader
    key_id: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        name = f"p{0 if context is None else context.partitionId():08d}"
        parts = self.reader.parts(batches)
        with tempfile.TemporaryDirectory(prefix="gauger-") as folder:
            found = self.step(_secret(self.key_id), name, parts, Path(folder))
            yield from map(batch_of, found)


@dataclass(frozen=True)
class Table:
    """What a step gave, and again the pieces of few bytes: whoever looks for them need not read all."""

    all: DataFrame
    few: DataFrame

    def of(self, kind: str) -> DataFrame:
        """The pieces of a kind."""
        held = self.few if kind in FEW else self.all
        return held.where(held["kind"] == kind)


@dataclass
class SparkRunner:
    """A ``Runner`` over a session."""

    spark: SparkSession
    source: Found | Rows
    secret: Secret
    _held: list[DataFrame | Broadcast[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        configured = configured_secret(self.spark)
        if configured is not None and configured.key_id != self.secret.key_id:
            raise StateError(f"{SECRET} is the key {configured.key_id}, this run has {self.secret.key_id}")
        if configured is not None:
            self.spark.sparkContext.setLocalProperty(SECRET, configured.handed_over())

    def share(self, data: bytes) -> Broadcasted:
        """As in ``Runner``."""
        value = self.spark.sparkContext.broadcast(data)
        self._held.append(value)
        return Broadcasted(value)

    def measured(self, step: Measure) -> Table:
        """As in ``Runner``."""
        key_id = self.secret.key_id
        if isinstance(self.source, Rows):
            reader = RowsReader(self.source.numbers, self.source.found.column_map)
            return self._made(self.source.frame, _MeasureRows(step, reader, key_id))
        tasks = in_tasks(self.source.inputs, self.spark.sparkContext.defaultParallelism)
        numbers = self.spark.range(0, len(tasks), 1, max(1, len(tasks)))
        return self._made(numbers, _MeasureFiles(step, tasks, self.source.column_map, key_id))

    def grouped(self, given: list[tuple[Table, str]], units: int, step: Step, *, moves: bool = True) -> Table:
        """As in ``Runner``."""
        frame = self._meant(given)
        if moves:
            rows = [(one.kind, one.shard, one.name, one.part, one.data) for one in units_as_pieces(units)]
            frame = frame.unionAll(self.spark.createDataFrame(rows, _SCHEMA))
            frame = frame.repartitionById(units, (frame["shard"] * units / SHARDS).cast("int"))
        with self._few_at_once():
            return self._made(frame, _Task(step, units, self.secret.key_id))

    def alone(self, given: list[tuple[Table, str]], step: Step, below: int | None = None) -> Table:
        """As in ``Runner``."""
        frame = self._meant(given)
        frame = frame if below is None else frame.where(frame["shard"] < below)
        with self._few_at_once():
            return self._made(frame.coalesce(1), _Task(step, 1, self.secret.key_id))

    @staticmethod
    def _meant(given: list[tuple[Table, str]]) -> DataFrame:
        return reduce(lambda one, other: one.unionAll(other), [table.of(kind) for table, kind in given])

    def _made(self, frame: DataFrame, task: Any) -> Table:
        from pyspark import StorageLevel
        from pyspark.errors import PythonException

        every = frame.mapInArrow(task, _SCHEMA).persist(StorageLevel.DISK_ONLY)
        few = every.where(every["kind"].isin(*FEW)).persist(StorageLevel.DISK_ONLY)
        self._held += [few, every]
        try:
            few.count()  # now, while the number of rows a batch is what it is
        except PythonException as error:
            raise _said(error) from None
        return Table(every, few)

    @contextmanager
    def _few_at_once(self) -> Iterator[None]:
        before = self.spark.conf.get(_ROWS)
        self.spark.conf.set(_ROWS, _PIECES_AT_ONCE)
        try:
            yield
        finally:
            self.spark.conf.set(_ROWS, before or "10000")

    def collected(self, table: Table, kind: str) -> Iterator[Piece]:
        """As in ``Runner``: a few pieces at a time, as text, which Spark hands to Python much faster than bytes."""
        from pyspark.sql import functions

        found = table.of(kind)
        number = found.count()
        if not number:
            return
        place = functions.pmod(functions.hash("name") + found["part"], functions.lit(number))
        spread = found.repartitionById(number, place)
        for row in spread.withColumn("data", functions.base64("data")).toLocalIterator():
            yield Piece(row["kind"], row["shard"], row["name"], row["part"], b64decode(row["data"]))

    def done(self) -> None:
        """As in ``Runner``."""
        for one in self._held:
            one.unpersist()
        self.spark.sparkContext.setLocalProperty(SECRET, "")
