"""What all commands share: where options come from, how results are said, and one line for an error.

An option is taken from the command line, else from a variable (``GAUGER_SCORE_STATE``; for those of ``SHARED`` also
``GAUGER_STATE``), else from ``gauger.toml``, else it is the default.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
import orjson
from tqdm import tqdm

from gauger.boundary import complain, guarded
from gauger.commands.settings_file import defaults_of, place_of, read_settings
from gauger.engine.common.progress import Progress

PREFIX = "GAUGER"
MANNERS = ("json", "quiet", "verbose")
SHARED = ("alarm_level", "allow", "columns", "memory", "state", "work", "workers", *MANNERS)  # one meaning everywhere


def _manner_options() -> list[click.Option]:
    def keep(context: click.Context, option: click.Parameter, value: bool) -> None:
        context.meta[f"{__name__}.{option.name}"] = value

    helps = ("Say the result as one JSON document.", "Say only warnings and errors.", "Say each stage and its seconds.")
    return [
        click.Option([f"--{name}"], is_flag=True, expose_value=False, callback=keep, help=told)
        for name, told in zip(MANNERS, helps, strict=True)
    ]


class Group(click.Group):
    """A group whose commands say their results as asked."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, with the options that all have."""
        if not isinstance(cmd, click.Group):
            cmd.params += _manner_options()
            prefix = PREFIX if isinstance(self, Commands) else f"{PREFIX}_{self.name}"
            for param in cmd.params:
                own, shared = f"{prefix}_{cmd.name}_{param.name}".upper(), f"{PREFIX}_{param.name}".upper()
                param.envvar = [own, shared] if param.name in SHARED else [own]
        super().add_command(cmd, name)


class Commands(Group):
    """All commands. Errors of what it runs end the process with one line and an exit code (``boundary``)."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, with what ``gauger.toml`` says as its defaults."""

        def run() -> Any:
            path = place_of()
            ctx.default_map = {} if path is None else defaults_of(self, read_settings(path), path)
            return super(Commands, self).invoke(ctx)

        return guarded(partial(run))


def _asked(name: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(f"{__name__}.{name}"))


def say(text: str, data: Mapping[str, Any]) -> None:
    """Print a result: ``text`` for a person, or ``data`` where JSON was asked for."""
    if _asked("json"):
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
        click.echo(orjson.dumps(data, default=str, option=options).decode())
    elif not _asked("quiet"):
        click.echo(text)


def note(text: str) -> None:
    """Print a line for a person beside the result."""
    if not (_asked("json") or _asked("quiet")):
        click.echo(text)


def findings_of(table: Any) -> dict[str, Any]:
    """Findings of a table as JSON says them: a row each, without what is long."""
    left_out = {"hourly_calls", "history", "reasons"} & set(table.column_names)
    return {"findings": table.drop_columns(sorted(left_out)).to_pylist()}


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on a terminal, a line a stage where ``--verbose`` was given, silence in a pipe."""
    verbose = _asked("verbose")
    shown, began = "", time.monotonic()
    with tqdm(
        total=1,
        bar_format="{desc:<17}{bar:30}{percentage:4.0f} %  {elapsed} so far, {remaining} left",
        disable=verbose or _asked("quiet") or not sys.stderr.isatty(),
        leave=False,
    ) as bar:

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal shown, began
            bar.total = max(1, total)
            if stage != shown:
                _tell(verbose, shown, began)
                shown, bar.n, began = stage, done, time.monotonic()
                bar.set_description_str(stage)
            bar.update(done - bar.n)  # drawn ten times a second at most

        yield progress
        _tell(verbose, shown, began)


def _tell(verbose: bool, stage: str, began: float) -> None:
    if verbose and stage:
        complain(f"{stage}: {time.monotonic() - began:.1f} s")
