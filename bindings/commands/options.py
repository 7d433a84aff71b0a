"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

import click

from gauger.engine.common.memory import parsed
from gauger.engine.common.settings import Settings
from gauger.logs import column_maps
from gauger.stores.urls import scheme_of


class HerePath(click.Path):
    """A path of this machine; a URL is no name of a folder that is made."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As of ``click.Path``."""
        if (scheme := scheme_of(value)) is not None:
            self.fail(f"a URL ({scheme}://...); this has to lie on this machine", param, ctx)
        return super().convert(value, param, ctx)


PATH, FOLDER = HerePath(path_type=Path), HerePath(path_type=Path, file_okay=False)
OUT = click.Path(path_type=Path, file_okay=False)
_ALARM_LEVEL_MAX = 0.1


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


files_from_option = click.option(
    "--files-from",
    type=click.File(errors="surrogateescape"),
    metavar="FILE",
    callback=_listed,
    help="More log files, one path a line; - reads the list from standard input.",
)
columns_option = click.option(
    "--columns", metavar="MAP", help=f"Where the columns are: {', '.join(column_maps.names())} or a TOML file."
)
alarm_level_option = click.option(
    "--alarm-level",
    default=Settings.alarm_level,
    show_default=True,
    callback=_alarm_level,
    help="Flag accounts below this tail probability: the share of honest accounts that may be flagged.",
)
workers_option = click.option("--workers", type=click.IntRange(1, 256), help="Threads to use (default: all cores).")
work_option = click.option(
    "--work", type=FOLDER, help="Directory for work files, gone when the run is done (default: beside --out)."
)
fresh_option = click.option("--fresh", is_flag=True, help="Forget a run that was killed, instead of going on with it.")
memory_option = click.option(
    "--memory", metavar="SIZE", callback=_size, help="Memory to use at most, as 8G (default: half of what is free)."
)
LOCAL = ("memory", "work", "fresh", "workers")


def local_options(command: Any) -> Any:
    """How a run uses this machine."""
    for option in (fresh_option, work_option, memory_option, workers_option):
        command = option(command)
    return command


seed_option = click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="The same seed, the same bytes."
)
