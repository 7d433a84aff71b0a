"""``python -m gauger.spark``: score logs on Spark, on this machine; submitted by ``spark-submit``, where that says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from pyspark.sql import SparkSession

from gauger.boundary import complain, guarded
from gauger.engine.common.secret import KEY, default_secret
from gauger.engine.reference.directory import StateDirectory
from gauger.spark.scoring import score
from gauger.text.formats import plural


@click.command()
@click.argument("calls", nargs=-1, required=True)
@click.option("--out", required=True, help="Folder or URL for the findings.")
@click.option("--state", type=click.Path(path_type=Path), help="State directory of the driver's machine.")
@click.option("--columns", help="Column map, by name or path.")
@click.option("--signature", multiple=True, type=click.Path(path_type=Path), help="What another provider found.")
@click.option("--parquet", is_flag=True, help="Have Spark read the files, in its own partitions; Parquet only.")
def main(
    calls: tuple[str, ...],
    out: str,
    state: Path | None,
    columns: str | None,
    parquet: bool,
    signature: tuple[Path, ...],
) -> None:
    """Score logs on Spark and write the findings."""
    spark = _session(state)
    source = spark.read.parquet(*calls) if parquet else list(calls)
    result = score(spark, source, state=state, out=out, columns=columns, signatures=signature)
    found = result.manifest
    findings = plural(found["findings"], "finding")
    click.echo(f"{found['scored']:,} of {plural(found['rows'], 'row')} scored, {findings}, in {out}")
    for error in result.errors:
        complain(error)
    if result.errors:
        raise SystemExit(1)


def _session(state: Path | None) -> SparkSession:
    """That of ``spark-submit``; else one of this machine, whose workers get the key with the environment."""
    builder = SparkSession.builder.appName("gauger")
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # set by spark-submit
        return builder.getOrCreate()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    secret = default_secret() if state is None else StateDirectory(state).secret
    os.environ[KEY] = secret.handed_over()
    return builder.master("local[*]").getOrCreate()


if __name__ == "__main__":
    guarded(lambda: main(standalone_mode=False))
