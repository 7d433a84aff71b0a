"""``spark-submit -m gauger.spark``, or ``python -m gauger.spark``: score logs on Spark, in local mode unless told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from pyspark.sql import SparkSession

from gauger.boundary import guarded
from gauger.engine.common.secret import KEY, default_secret
from gauger.engine.reference.directory import StateDirectory
from gauger.spark.scoring import score


@click.command()
@click.argument("calls", nargs=-1, required=True)
@click.option("--out", required=True, help="Folder or URL for the findings.")
@click.option("--state", type=click.Path(path_type=Path), help="State directory of the driver's machine.")
@click.option("--columns", help="Column map, by name or path.")
@click.option("--parquet", is_flag=True, help="Have Spark read the files, in its own partitions; Parquet only.")
def main(calls: tuple[str, ...], out: str, state: Path | None, columns: str | None, parquet: bool) -> None:
    """Score logs on Spark and write the findings."""
    spark = _session(state)
    source = spark.read.parquet(*calls) if parquet else list(calls)
    found = score(spark, source, state=state, out=out, columns=columns).manifest
    click.echo(f"{found['scored']:,} of {found['rows']:,} rows scored, {found['findings']:,} findings, in {out}")


def _session(state: Path | None) -> SparkSession:
    """That of ``spark-submit``; else one of this machine, whose workers get the key with the environment."""
    builder = SparkSession.builder.appName("gauger")
    if "SPARK_ENV_LOADED" in os.environ:
        return builder.getOrCreate()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    secret = default_secret() if state is None else StateDirectory(state).secret
    os.environ[KEY] = secret.handed_over()
    return builder.master("local[*]").getOrCreate()


if __name__ == "__main__":
    guarded(lambda: main(standalone_mode=False))
