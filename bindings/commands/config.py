"""The command ``gauger config``: which value every option has, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from gauger.commands.group import say
from gauger.commands.settings_file import place_of
from gauger.text.formats import visible

_SOURCES = {ParameterSource.ENVIRONMENT: "variable", ParameterSource.DEFAULT_MAP: "file"}


@click.command("config")
@click.option("--all", "everything", is_flag=True, help="Also options that have their default.")
def config_command(everything: bool) -> None:
    """Show what options are set by variables and gauger.toml, and where each value comes from.

    Flags come first, then variables, then the file: $GAUGER_CONFIG, else gauger.toml here, else in ~/.config/gauger.

    \b
    Example:
      gauger config --all
    """
    path = place_of()
    found = [
        row for row in _rows(click.get_current_context().find_root(), ()) if everything or row["from"] != "default"
    ]
    lines = [f"file       {visible(str(path)) if path else 'none'}"]
    lines += [f"{row['option']:<36} {visible(str(row['value']))}  ({row['from']})" for row in found]
    if not found:
        lines.append("nothing is set: every option has its default (gauger config --all)")
    say("\n".join(lines), {"file": None if path is None else str(path), "options": found})


def _rows(context: click.Context, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    group = context.command
    assert isinstance(group, click.Group)
    for name, command in group.commands.items():
        inside = click.Context(command, parent=context, info_name=name, resilient_parsing=True)
        if isinstance(command, click.Group):
            yield from _rows(inside, (*names, name))
            continue
        for param in command.params:
            flag = next((flag for flag in param.opts if flag.startswith("--")), None)
            if flag is not None:
                yield _row(inside, param, " ".join([*names, name, flag]))


def _row(context: click.Context, param: click.Parameter, option: str) -> dict[str, Any]:
    value, source = param.consume_value(context, {})
    if source not in _SOURCES:
        return {"option": option, "value": param.get_default(context), "from": "default"}
    told = _SOURCES[source]
    if source is ParameterSource.ENVIRONMENT:
        told += next((f" {name}" for name in param.envvar or () if os.environ.get(name)), "")
    return {"option": option, "value": value, "from": told}
