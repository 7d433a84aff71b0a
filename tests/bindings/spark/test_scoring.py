"""Spark gives what one machine gives, in any partitions, when tasks die, and with a secret that is written nowhere."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark import cloudpickle
from pyspark.sql import SparkSession
from pyspark.sql.functions import lit, monotonically_increasing_id, when

from gauger.cluster.run import looked_up
from gauger.engine.cluster.steps import CALLS, Measure
from gauger.engine.common.errors import GaugerError, InputError, StateError
from gauger.engine.common.secret import Secret
from gauger.spark import score
from gauger.spark.runner import SparkRunner
from tests.bindings.cluster.days import SETTINGS, Case, found, make, same_files
from tests.bindings.cluster.dying import let_die

KEY = "5e" * 16  # of every state directory that tests make

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session of two cores, whose tasks may fail three times, and which writes down what Spark knows of a run."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none here")
    events = tmp_path_factory.mktemp("events")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        builder = SparkSession.builder.master("local[2, 4]").config("spark.ui.enabled", "false")
        for name, value in {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": events.as_uri(),
            "spark.eventLog.compress": "false",
            "spark.gauger.secret": KEY,
            "spark.sql.shuffle.partitions": "4",
            "spark.local.dir": str(tmp_path_factory.mktemp("local")),
        }.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


def test_what_a_task_says_is_what_is_said(case: Case, spark: SparkSession, tmp_path: Path) -> None:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    runner = SparkRunner(spark, looked_up(list(case.logs), None), Secret(bytes.fromhex(KEY)))
    measured = runner.measured(Measure(SETTINGS, None, "text", None))
    with pytest.raises(GaugerError, match=r"^it says so$"):
        runner.grouped([(measured, CALLS)], 1, refuse)
    runner.done()


def refuse(*given: object) -> Iterator[Any]:
    """A step that cannot go on."""
    raise GaugerError("it says so")


def test_another_key_than_the_session_has_is_refused(case: Case, spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"spark\.gauger\.secret is the key"):
        score(spark, case.logs, state=None, out=tmp_path / "out", secret=Secret(b"another key, yes"))


@pytest.mark.parametrize("partitions", [4, 16])
def test_a_data_frame_in_any_partitions(case: Case, spark: SparkSession, partitions: int, tmp_path: Path) -> None:
    state = case.fresh_state(tmp_path / "state")
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(2_000_000 // partitions))
    frame = spark.read.parquet(*(str(path) for path in case.logs))
    result = score(spark, frame, state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert same_files(state, case.state_after)
    assert result.table(spark, "accounts").count() == result.manifest["accounts"]
    assert result.table(spark, "calls").count() == result.manifest["scored"]
    with pytest.raises(InputError, match="no table"):
        result.table(spark, "prompts")


def test_files_of_their_own_and_workers_that_die(
    case: Case, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_die(monkeypatch, SparkRunner, tmp_path)
    state = case.fresh_state(tmp_path / "state")
    score(spark, list(case.logs), state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert same_files(state, case.state_after)
    assert {path.name for path in tmp_path.iterdir()} >= {"Fold", "Gather"}


def test_rows_without_names_are_refused_and_named_ones_are_not(case: Case, spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.read.parquet(str(case.logs[0]))
    nameless = spark.createDataFrame(frame.limit(20).collect(), frame.schema)
    with pytest.raises(InputError, match="have no names"):
        score(spark, nameless, state=None, out=tmp_path / "out", settings=SETTINGS)
    named = (
        frame.repartition(3)
        .withColumn("gauger_file", lit(str(case.logs[0])))
        .withColumn("gauger_row", monotonically_increasing_id())
    )
    result = score(spark, named, state=None, out=tmp_path / "out", settings=SETTINGS)
    assert result.manifest["scored"] == 700
    unnamed = named.withColumn("gauger_row", when(named["gauger_row"] > 3, named["gauger_row"]))
    with pytest.raises(GaugerError, match="have no names"):
        score(spark, unnamed, state=None, out=tmp_path / "out", settings=SETTINGS)


def test_the_secret_is_in_nothing_that_spark_writes(
    case: Case, spark: SparkSession, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state = case.fresh_state(tmp_path / "state")
    assert (state / "key").read_text().strip() == KEY
    score(spark, [case.logs[0]], state=state, out=tmp_path / "out", settings=SETTINGS)
    events = Path((spark.conf.get("spark.eventLog.dir") or "").removeprefix("file:"))
    written = [path.read_bytes() for path in events.rglob("*") if path.is_file()]
    assert any(b"SparkListenerJobStart" in one for one in written)
    assert not any(KEY.encode() in one for one in written)
    assert KEY not in "".join(capfd.readouterr())
