"""The command ``gauger export``: findings for other systems."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from gauger.boundary import complain
from gauger.commands.group import note
from gauger.commands.options import FOLDER
from gauger.text.formats import plural

_FORMATS = ("ocsf", "stix", "ecs", "hec", "elastic-bulk", "csv")


@click.command("export")
@click.argument("out", type=FOLDER)
@click.option("--format", "format_name", required=True, type=click.Choice(_FORMATS), help="What the receiver takes.")
@click.option(
    "--assessed",
    default="campaign",
    show_default=True,
    metavar="NAMES",
    help="Which findings: names with commas, or all.",
)
@click.option("--to", type=click.File("wb", atomic=True), default="-", help="File to write (default: standard output).")
@click.option("--url", help="Send there instead; keys come from variables (docs/guide/exports.md).")
@click.option("--dead-letters", type=FOLDER, help="Where records are put that the receiver did not take.")
def export_command(
    out: Path, format_name: str, assessed: str, to: BinaryIO, url: str | None, dead_letters: Path | None
) -> None:
    """Write the findings of a run for a SIEM or another system, or send them there.

    \b
    Example, to Splunk, with the token in GAUGER_HEC_TOKEN:
      gauger export day --format hec --url https://splunk.example:8088/services/collector/event
    """
    from gauger.exports.delivery import Door, put_aside
    from gauger.exports.findings import exported
    from gauger.exports.formats import FORMATS
    from gauger.results.run import read_run

    wanted = None if assessed == "all" else set(filter(None, map(str.strip, assessed.split(","))))
    chosen = FORMATS[format_name]
    records = list(chosen.records(list(exported(read_run(out), wanted))))
    if url is None:
        for record in records:
            to.write(record.data)
        return
    sent = Door(url, format_name, chosen.content_type).send(records)
    note(f"{sent.taken:,} of {plural(len(records), 'record')} taken")
    if sent.refused:
        if dead_letters is not None:
            put_aside(sent, dead_letters)
        kept = "" if dead_letters is None else f"; they are in {dead_letters}"
        lost = f"{plural(len(sent.refused), 'record')} not taken ({sent.refused[0][1]}){kept}"
        complain(f"{lost}; a second export makes no doubles")
        sys.exit(1)
