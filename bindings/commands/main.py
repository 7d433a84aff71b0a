"""The command line: ``gauger COMMAND --help`` shows each command with an example.

Exit codes: 0 done, 1 ran but something failed, 2 bad usage, 130 interrupted (``boundary``).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
from tqdm import tqdm

from gauger import __version__
from gauger.boundary import complain, guarded
from gauger.commands.columns import columns_command
from gauger.commands.paths import HerePath
from gauger.commands.serve import policy_commands, serve_command
from gauger.commands.state import state_commands
from gauger.engine.common.memory import parsed
from gauger.engine.common.progress import Progress
from gauger.engine.common.settings import SHORT_LINES, Settings
from gauger.logs import column_maps
from gauger.text.formats import visible

_PATH, _FOLDER = HerePath(path_type=Path), HerePath(path_type=Path, file_okay=False)
_OUT = click.Path(path_type=Path, file_okay=False)
_ALARM_LEVEL_MAX = 0.1


class _Commands(click.Group):
    """All commands. Errors of what it runs end the process with one line and an exit code (``boundary``)."""

    def invoke(self, ctx: click.Context) -> Any:
        return guarded(partial(super().invoke, ctx))


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on a terminal, silence in a pipe."""
    with tqdm(
        total=1,
        bar_format="{desc:<17}{bar:30}{percentage:4.0f} %  {elapsed} so far, {remaining} left",
        disable=not sys.stderr.isatty(),
        leave=False,
    ) as bar:
        shown = ""

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal shown
            bar.total = max(1, total)
            if stage != shown:
                shown, bar.n = stage, done
                bar.set_description_str(stage)
            bar.update(done - bar.n)  # drawn ten times a second at most

        yield progress


def _alarm_level(_: click.Context, __: click.Parameter, value: float) -> float:
    if not 0 < value <= _ALARM_LEVEL_MAX:
        raise click.BadParameter(f"{value:g} is not a tail probability above 0 and at most {_ALARM_LEVEL_MAX:g}.")
    return value


def _size(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parsed(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _listed(_: click.Context, __: click.Parameter, value: TextIO | None) -> tuple[str, ...]:
    return () if value is None else tuple(filter(None, value.read().split("\n")))


_files_from_option = click.option(
    "--files-from",
    type=click.File(errors="surrogateescape"),
    metavar="FILE",
    callback=_listed,
    help="More log files, one path a line; - reads the list from standard input.",
)
_columns_option = click.option(
    "--columns", metavar="MAP", help=f"Where the columns are: {', '.join(column_maps.names())} or a TOML file."
)
_alarm_level_option = click.option(
    "--alarm-level",
    default=Settings.alarm_level,
    show_default=True,
    callback=_alarm_level,
    help="Flag accounts below this tail probability: the share of honest accounts that may be flagged.",
)
_workers_option = click.option("--workers", type=click.IntRange(1, 256), help="Threads to use (default: all cores).")
_work_option = click.option(
    "--work", type=_FOLDER, help="Directory for work files, gone when the run is done (default: beside --out)."
)
_fresh_option = click.option("--fresh", is_flag=True, help="Forget a run that was killed, instead of going on with it.")
_memory_option = click.option(
    "--memory", metavar="SIZE", callback=_size, help="Memory to use at most, as 8G (default: half of what is free)."
)
_LOCAL = ("memory", "work", "fresh", "workers")


def _local_options(command: Any) -> Any:
    """How a run uses this machine."""
    for option in (_fresh_option, _work_option, _memory_option, _workers_option):
        command = option(command)
    return command


_seed_option = click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="The same seed, the same bytes."
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gauger")
def main() -> None:
    """Find distillation campaigns in LLM API traffic by joining weak evidence across accounts.

    Whatever fails is one line. GAUGER_DEBUG=1 shows the traceback as well; prompts may be in it.
    """


main.add_command(state_commands)
main.add_command(columns_command)
main.add_command(policy_commands)
main.add_command(serve_command)


@main.command()
@click.argument("inputs", nargs=-1)
@_files_from_option
@click.option("--out", required=True, type=_OUT, help="Folder or URL for the findings; made if missing.")
@click.option("--state", type=_FOLDER, help="Directory that keeps the key, families and reference days between runs.")
@_columns_option
@click.option("--allow", type=_PATH, metavar="TOML", help="Families you vouch for: ids, examples, example_files.")
@click.option("--publish", type=_PATH, metavar="FILE", help="Verdicts for hosts to ask (docs/guide/serving.md).")
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
@_alarm_level_option
@_local_options
def score(
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

    inputs += options.pop("files_from")
    if not inputs:
        raise click.UsageError("nothing to score: name log files or directories")
    if replace_day and state is None:
        raise click.UsageError("--replace-day needs --state")
    base = SHORT_LINES if short_lines else Settings()
    settings = replace(base, alarm_level=alarm_level, retention_days=retention_days)
    directory = None if state is None else StateDirectory(state, replace_days=replace_day)
    with _bar() as progress:
        local = Local(**{name: options.pop(name) for name in (*_LOCAL, "publish", "provisional", "recorded")})
        finished = run(inputs, out, state=directory, settings=settings, local=local, progress=progress, **options)
    if finished.picked is not None:
        click.echo(f"columns: {finished.picked}, which fits best; gauger columns shows how the log is read")
    for warning in (*finished.doubts, *finished.warnings):
        complain(f"warning: {warning}")
    click.echo(summary(finished))
    for error in finished.errors:
        complain(error)
    if finished.errors or finished.doubts:
        sys.exit(1)


@main.command()
def plan() -> None:
    """Print the stages of a run: what each works on, what it needs and what it leaves.

    \b
    Example:
      gauger plan
    """
    from gauger.engine.plan.stages import described

    click.echo(described())


@main.command()
@click.option("--state", required=True, type=_FOLDER, help="State directory that days were scored with.")
@click.option("--out", required=True, type=_FOLDER, help="Directory for the two tables; made if missing.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the week (default: the newest kept).")
@_alarm_level_option
@_workers_option
def week(state: Path, out: Path, last: datetime | None, alarm_level: float, workers: int | None) -> None:
    """Weigh the last seven kept days together: finds campaigns too thin for any one day.

    \b
    Example:
      gauger week --state state --out week
    """
    from gauger.batch.week import to_text
    from gauger.batch.week import week as run

    settings = Settings(alarm_level=alarm_level)
    found = run(state, out, last=None if last is None else last.date(), workers=workers, settings=settings)
    click.echo(to_text(found, settings))


@main.command()
@click.option("--out", required=True, type=_FOLDER, help="Directory for the logs and truth.parquet.")
@click.option("--calls", default=200_000, show_default=True, type=click.IntRange(500), help="Honest calls of the day.")
@click.option(
    "--campaign", "campaigns", multiple=True, metavar="KIND:ACCOUNTS:CALLS", help="Plant one; may be repeated."
)
@_seed_option
@click.option("--into", multiple=True, type=_PATH, metavar="LOG", help="Plant the campaigns in this log of your own.")
@click.option("--columns", metavar="MAP", help="Column map of the log given by --into.")
def simulate(
    out: Path, calls: int, campaigns: tuple[str, ...], seed: int, into: tuple[Path, ...], columns: str | None
) -> None:
    """Make a reference week and a day of traffic with planted campaigns, or plant them in your own log.

    \b
    Kinds: template, diverse, padded, grid, cot. CALLS are per account and day.
    Example:
      gauger simulate --out sim --calls 50000 --campaign template:300:26 --campaign diverse:200:26
    """
    from gauger.simulate import DEFAULT_CAMPAIGNS, CampaignSpec, plant
    from gauger.simulate import simulate as run

    try:
        specs = [CampaignSpec.parse(text) for text in campaigns] or list(DEFAULT_CAMPAIGNS)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if into:
        paths = plant(list(into), out, specs, seed, columns)
    else:
        with _bar() as progress:
            told = partial(progress, "simulating")
            paths = run(out, calls=calls, campaigns=specs, seed=seed, progress=told)
    for path in [*paths.reference, paths.day, paths.truth]:
        click.echo(str(path))


@main.command()
@click.argument("out", type=_FOLDER)
@click.option("--truth", required=True, type=_PATH, help="truth.parquet: account_id, campaign (null = honest), kind.")
def evaluate(out: Path, truth: Path) -> None:
    """Hold a run against the truth: recall, false positives, precision, calls leaked.

    \b
    Example:
      gauger evaluate day --truth sim/truth.parquet
    """
    from gauger.batch.evaluate import evaluate as run
    from gauger.batch.evaluate import to_text

    click.echo(to_text(run(out, truth)))


@main.command()
@click.argument("out", type=_FOLDER)
@click.option("--account", help="An account id.")
@click.option("--campaign", type=int, help="A finding's number.")
@click.option("--family", type=int, help="A family id.")
def explain(out: Path, **asked: Any) -> None:
    """Explain one account, finding or family of a run in words.

    \b
    Example:
      gauger explain day --campaign 1
    """
    from gauger.report.explain import explain as run

    if sum(value is not None for value in asked.values()) != 1:
        raise click.UsageError("give exactly one of --account, --campaign, --family")
    click.echo(run(out, **asked))


@main.command()
@click.argument("out", type=_FOLDER)
def report(out: Path) -> None:
    """Write a run's report: one HTML file that needs no network.

    \b
    Example:
      gauger report day
    """
    from gauger.report import write_report

    click.echo(str(write_report(out)))


@main.command()
@click.option("--input", "source", type=_PATH, metavar="LOG", help="Measure on this log (default: simulated traffic).")
@click.option("--columns", metavar="MAP", help="Column map of the log.")
def bench(source: Path | None, columns: str | None) -> None:
    """Measure throughput on this machine, as ratios to reading the same columns.

    \b
    Example:
      gauger bench --input logs/2026-03-16.parquet
    """
    from gauger.benchmark.command import bench as run

    with _bar() as progress:
        text = run(source, columns, progress)
    click.echo(text)


@main.command()
@click.option(
    "--out", default="demo-output", show_default=True, type=_FOLDER, help="Directory for everything it makes."
)
@click.option(
    "--calls", default=200_000, show_default=True, type=click.IntRange(20_000), help="Honest calls of the day."
)
@_seed_option
def demo(out: Path, **options: int) -> None:
    """Simulate a reference week and a day with three campaigns; score, evaluate and report it.

    \b
    Example:
      gauger demo --out demo-output
    """
    from gauger.demo import demo as run

    with _bar() as progress:
        text = run(out, progress=progress, **options)
    click.echo(text)


@main.command()
@click.option("--to", type=_FOLDER, help="Another cache; later processes find it in $GAUGER_CACHE_DIR.")
def warmup(to: Path | None) -> None:
    """Compile the kernels into the cache, so that no later process waits for it: for container images, say.

    The cache is $GAUGER_CACHE_DIR, else $XDG_CACHE_HOME/gauger, else ~/.cache/gauger. It is used only by the user who
    filled it, or by all who can read it if that was root, and only on the same kind of processor.

    \b
    Example:
      gauger warmup --to /opt/gauger/kernels
    """
    if to is not None:
        os.environ["GAUGER_CACHE_DIR"] = str(to)  # before anything is imported that has a kernel
    from gauger.kernels.machine.cache import share
    from gauger.kernels.warm import warmup as run

    with _bar() as progress:
        done = run(partial(progress, "compiling"))
    if to is not None:
        share()
    click.echo(f"{done.kernels} kernels ready in {done.seconds:.1f} s: {done.compiled} compiled, {done.loaded} loaded")
    click.echo(f"cache: {visible(done.directory or 'none')}")
    if done.problem is not None:
        complain(f"the cache could not be used: {done.problem}")
        sys.exit(1)


if __name__ == "__main__":
    main()
