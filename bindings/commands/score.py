"""The commands ``gauger score`` and ``gauger week``: weigh a day, and a week of kept days."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gauger.boundary import complain
from gauger.commands.group import findings_of, note, progress_bar, say
from gauger.commands.options import (
    FOLDER,
    LOCAL,
    OUT,
    PATH,
    alarm_level_option,
    columns_option,
    files_from_option,
    local_options,
    workers_option,
)
from gauger.engine.common.settings import SHORT_LINES, Settings


@click.command("score")
@click.argument("inputs", nargs=-1)
@files_from_option
@click.option("--out", required=True, type=OUT, help="Folder or URL for the findings; made if missing.")
@click.option("--state", type=FOLDER, help="Directory that keeps the key, families and reference days between runs.")
@columns_option
@click.option("--allow", type=PATH, metavar="TOML", help="Families you vouch for: ids, examples, example_files.")
@click.option("--signature", "signatures", multiple=True, type=PATH, help="What another provider found; repeatable.")
@click.option("--features", is_flag=True, help="Write features.parquet, too: for models (docs/guide/models.md).")
@click.option("--publish", type=PATH, metavar="FILE", help="Verdicts for hosts to ask (docs/guide/serving.md).")
@click.option("--recorded", is_flag=True, help="Take recorded calls only: files that are sealed with the state's key.")
@click.option("--provisional", is_flag=True, help="The day is not over: number its findings, keep no reference.")
@click.option("--replace-day", is_flag=True, help="Replace days that are kept already; else they stay.")
@click.option(
    "--retention-days",
    default=Settings.retention_days,
    show_default=True,
    type=click.IntRange(1),
    help="Keep days in the state until they are so much older than the newest.",
)
@click.option("--short-lines", is_flag=True, help="Prompts are lines of a dozen words: look for finer templates.")
@alarm_level_option
@local_options
def score_command(
    inputs: tuple[str, ...],
    out: Path,
    state: Path | None,
    replace_day: bool,
    retention_days: int,
    short_lines: bool,
    alarm_level: float,
    **options: Any,
) -> None:
    """Score logs (Parquet, Arrow IPC, JSONL, CSV): files, directories, globs, URLs (s3, gs, abfs, hdfs), tables, or -.

    \b
    Example, a week of clean days first and then the day in question:
      gauger score logs/2026-03-0*.parquet --out week --state state
      gauger score logs/2026-03-16.parquet --out day --state state
    The same without what your own apps send (docs/families.md):
      gauger score logs/2026-03-16.parquet --out day --state state --allow allow.toml
    """
    from gauger.batch.score import score as run
    from gauger.batch.summary import summary
    from gauger.engine.plan.local import Local
    from gauger.engine.reference.directory import StateDirectory
    from gauger.exchange.sharing import weighing

    inputs += options.pop("files_from")
    if not inputs:
        raise click.UsageError("nothing to score: name log files or directories")
    if replace_day and state is None:
        raise click.UsageError("--replace-day needs --state")
    base = SHORT_LINES if short_lines else Settings()
    settings = replace(base, alarm_level=alarm_level, retention_days=retention_days)
    directory = None if state is None else StateDirectory(state, replace_days=replace_day)
    if signatures := options.pop("signatures"):
        if directory is None:
            raise click.UsageError("--signature needs --state")
        weighing(directory, signatures)
    with progress_bar() as progress:
        local = Local(
            **{name: options.pop(name) for name in (*LOCAL, "features", "publish", "provisional", "recorded")}
        )
        finished = run(inputs, out, state=directory, settings=settings, local=local, progress=progress, **options)
    if finished.picked is not None:
        note(f"columns: {finished.picked}, which fits best; gauger columns shows how the log is read")
    for warning in (*finished.doubts, *finished.warnings):
        complain(f"warning: {warning}")
    say(
        summary(finished),
        {
            "out": finished.place or str(finished.out),
            **findings_of(finished.result.campaigns),
            "manifest": finished.manifest,
        },
    )
    for error in finished.errors:
        complain(error)
    if finished.errors or finished.doubts:
        sys.exit(1)


@click.command("week")
@click.option("--state", required=True, type=FOLDER, help="State directory that days were scored with.")
@click.option("--out", required=True, type=FOLDER, help="Directory for the two tables; made if missing.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the week (default: the newest kept).")
@alarm_level_option
@workers_option
def week_command(state: Path, out: Path, last: datetime | None, alarm_level: float, workers: int | None) -> None:
    """Weigh the last seven kept days together: finds campaigns too thin for any one day.

    \b
    Example:
      gauger week --state state --out week
    """
    import pyarrow.parquet as pq

    from gauger.batch.week import FINDINGS, to_text
    from gauger.batch.week import week as run

    settings = Settings(alarm_level=alarm_level)
    found = run(state, out, last=None if last is None else last.date(), workers=workers, settings=settings)
    table = pq.read_table(out / FINDINGS)
    say(to_text(found, settings), {"out": str(out), **findings_of(table), "days": found.days})
