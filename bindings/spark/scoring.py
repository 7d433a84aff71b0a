"""``gauger.spark.score``: calls as a DataFrame or as files, findings as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gauger.batch.outputs import CALLS, TABLES
from gauger.cluster.run import Found, Result, run
from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.spark.runner import SparkRunner, configured_secret
from gauger.spark.sources import Rows, from_files, from_frame
from gauger.stores.urls import scheme_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_NAMES = (CALLS, *(name.removesuffix(".parquet") for name in TABLES))


@dataclass(frozen=True)
class Scored(Result):
    """A finished run."""

    def table(self, spark: SparkSession, name: str) -> DataFrame:
        """A table of it: calls, accounts, families, campaigns or quarantine. Raises InputError for another."""
        if name not in _NAMES:
            raise InputError(f"{name}: no table; there are {', '.join(_NAMES)}")
        place = self.out if scheme_of(self.out) else Path(self.out).absolute().as_uri()
        place = place.replace("s3://", "s3a://", 1)  # as Hadoop names it
        return spark.read.parquet(f"{place}/{name}" if name == CALLS else f"{place}/{name}.parquet")


def score(
    spark: SparkSession,
    calls: DataFrame | str | Path | Sequence[str | Path],
    *,
    state: str | Path | None,
    out: str | Path,
    secret: Secret | None = None,
    columns: str | None = None,
    settings: Settings | None = None,
    signatures: Sequence[str | Path] = (),
) -> Scored:
    """Score calls on Spark and write the findings to ``out``: the tables that ``gauger score`` writes, to the byte.

    calls : a DataFrame of Parquet files that Spark reads, or one with columns ``gauger_file`` and ``gauger_row`` that
        name each row; or files, folders and URLs of any format, which tasks read themselves, one task for some files
    state : the state directory, on the driver's machine; None without one
    out : a folder of the driver's machine or the URL of a place in a store
    secret : the state's, or that of the session's ``spark.gauger.secret``, of GAUGER_KEY_FILE or of GAUGER_KEY.
        Executors take it from the session's configuration, else from these variables where they run
    columns : a column map, by name or path
    signatures : files of the driver's machine with what other providers found; they need a state
    Raises GaugerError as ``gauger score`` does.
    """
    own = settings or Settings()
    source: Found | Rows
    if isinstance(calls, (str, Path, list, tuple)):
        source = from_files(calls, columns)
    else:
        source = from_frame(cast("DataFrame", calls), columns)

    found = source.found if isinstance(source, Rows) else source
    given = secret or configured_secret(spark)
    result = run(
        lambda key: SparkRunner(spark, source, key),
        found,
        out,
        state=state,
        secret=given,
        settings=own,
        signatures=signatures,
    )
    return Scored(result.out, result.manifest, result.errors)
