"""The page of all commands and their options, as they are: ``python -m gauger.commands.reference > PAGE``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from gauger.commands.group import MANNERS
from gauger.commands.main import main

_HEAD = """# Commands and options

Made by `python -m gauger.commands.reference`. Every command also has `--json`, `--quiet` and `--verbose`, every option
a variable ([the command line](../guide/commands.md)).
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *_of_group(main, ("gauger",))])


def _of_group(group: click.Group, names: tuple[str, ...]) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        inside = (*names, name)
        if isinstance(command, click.Group):
            yield from _of_group(command, inside)
        else:
            yield from _of_command(command, inside)


def _of_command(command: click.Command, names: tuple[str, ...]) -> Iterator[str]:
    yield f"## {' '.join(names)}\n"
    text, _, example = inspect.cleandoc(command.help or "").partition("Example")
    yield f"{_escaped(text.replace(chr(8), '').strip())}\n"
    lines = example.partition("\n")[2].rstrip().splitlines()
    yield "\n".join(f"    {line.strip()}" for line in lines if line.strip().startswith("gauger ")) + "\n"
    context = click.Context(command, info_name=names[-1])
    rows = [
        record
        for param in command.params
        if param.name not in MANNERS and (record := param.get_help_record(context)) is not None
    ]
    if rows:
        yield "| option | says |\n|---|---|"
        yield from (f"| `{_cell(flags)}` | {_cell(_escaped(told))} |" for flags, told in rows)
        yield ""


def _escaped(text: str) -> str:
    return re.sub(r"([<>*_])", r"\\\1", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    click.echo(page(), nl=False)
