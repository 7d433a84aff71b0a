"""``gauger.toml``: options that are the same every day, of all commands that have them, of one, or of one in a group.

    [all]
    state = "state"

    [score]
    columns = "litellm"
    alarm-level = 0.0005

    [state.list]
    state = "other"

An option of one command counts before that of all.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gauger.engine.common.errors import InputError

VARIABLE, NAME, ALL = "GAUGER_CONFIG", "gauger.toml", "all"


def place_of() -> Path | None:
    """The settings file that counts: that of GAUGER_CONFIG, else of this folder, else of the user; None without one."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    of_user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gauger" / NAME
    return next((path for path in (Path(NAME), of_user) if path.is_file()), None)


def read_settings(path: Path) -> Mapping[str, Any]:
    """What a settings file says. Raises InputError where it cannot be read, or is another user's."""
    try:
        if path.stat().st_uid not in (os.geteuid(), 0):  # in a folder such as /tmp anybody may put one
            raise InputError(f"{path} belongs to another user; work in a folder of your own")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; correct {VARIABLE}, or give options as flags") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from None


def defaults_of(group: click.Group, settings: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The defaults of a group's commands, as click takes them. Raises InputError for what no command has."""
    used: set[str] = set()
    tables = {name: table for name, table in settings.items() if isinstance(table, Mapping)}
    if loose := sorted(settings.keys() - tables.keys()):
        raise InputError(f"{path}: {', '.join(loose)}: write options of all commands under [{ALL}]")
    general = tables.pop(ALL, {})
    found = _of_group(group, tables, general, used, path)
    unknown = sorted(general.keys() - used)
    if unknown:
        raise InputError(f"{path}: no command has the option {', '.join(unknown)}; gauger config shows all")
    return found


def _of_group(
    group: click.Group, own: Mapping[str, Any], general: Mapping[str, Any], used: set[str], path: Path
) -> dict[str, Any]:
    tables = {key: value for key, value in own.items() if isinstance(value, Mapping)}
    unknown = sorted(tables.keys() - group.commands.keys())
    if unknown:
        raise InputError(f"{path}: no command is called {', '.join(unknown)}")
    return {
        name: _of_group(command, tables.get(name, {}), general, used, path)
        if isinstance(command, click.Group)
        else _of_command(command, tables.get(name, {}), general, used, path)
        for name, command in group.commands.items()
    }


def _of_command(
    command: click.Command, own: Mapping[str, Any], general: Mapping[str, Any], used: set[str], path: Path
) -> dict[str, Any]:
    options = {flag[2:]: param.name for param in command.params for flag in param.opts if flag.startswith("--")}
    unknown = sorted(own.keys() - options.keys())
    if unknown:
        raise InputError(f"{path}: {command.name} has no option {', '.join(unknown)}")
    used |= general.keys() & options.keys()
    return {str(options[key]): value for key, value in {**general, **own}.items() if key in options}
