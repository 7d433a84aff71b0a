"""The command ``gauger columns``: how a log would be read."""

import sys

import click

from gauger.commands.group import say
from gauger.logs import column_maps


@click.command("columns")
@click.argument("inputs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--columns", metavar="MAP", help=f"Where the columns are: {', '.join(column_maps.names())} or a TOML file."
)
@click.option("--show-text", is_flag=True, help="Show texts, not their lengths and hashes.")
def columns_command(inputs: tuple[str, ...], columns: str | None, show_text: bool) -> None:
    """Show how logs would be read: format, map, columns, first calls, and what is no call. Nothing is written.

    Exit code 1 when `gauger score` would doubt what it reads.

    \b
    Example:
      gauger columns logs/2026-03-16.jsonl
    """
    from gauger.preview import preview

    found = preview(inputs, columns, show_text=show_text)
    say(found.text, {"is_sound": found.is_sound, "lines": found.text.splitlines()})
    if not found.is_sound:
        sys.exit(1)
