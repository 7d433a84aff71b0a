"""The command ``gauger export``: findings for other systems, and a run for Prometheus."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gauger.boundary import complain
from gauger.commands.group import say
from gauger.commands.options import FOLDER, PATH
from gauger.text.formats import plural, visible

if TYPE_CHECKING:
    from gauger.exports.delivery import Door
    from gauger.exports.findings import Exported
    from gauger.exports.formats import Record

_FINDINGS = ("ocsf", "stix", "ecs", "hec", "elastic-bulk", "csv")
_PROMETHEUS = "prometheus"


@click.command("export")
@click.argument("out", type=FOLDER, required=False)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice((*_FINDINGS, _PROMETHEUS)),
    help="What the receiver takes; prometheus: the run in numbers.",
)
@click.option(
    "--assessed",
    default="campaign",
    show_default=True,
    metavar="NAMES",
    help="Which findings: names with commas, or all.",
)
@click.option("--to", type=PATH, help="File to write, replaced as a whole (default: standard output).")
@click.option("--url", help="Send there instead; keys come from variables (docs/guide/exports.md).")
@click.option("--dead-letters", type=FOLDER, help="Where records are put that the receiver did not take.")
@click.option("--again", type=FOLDER, help="Send the dead letters of this folder instead of a run; those taken go.")
def export_command(
    out: Path | None,
    format_name: str,
    assessed: str,
    to: Path | None,
    url: str | None,
    dead_letters: Path | None,
    again: Path | None,
) -> None:
    """Write the findings of a run for a SIEM or another system, or send them there.

    \b
    Example, to Splunk, with the token in GAUGER_HEC_TOKEN:
      gauger export day --format hec --url https://splunk.example:8088/services/collector/event
    """
    _usage(out, format_name, to, url, dead_letters, again)
    if again is not None and url is not None:
        _send_again(again, format_name, url)
        return
    assert out is not None
    from gauger.exports.formats import FORMATS

    if format_name == _PROMETHEUS:
        from gauger.exports import metrics
        from gauger.results.run import read_run

        _write(metrics.text(read_run(out)), to)
        return
    findings = _findings(out, assessed)
    records = list(FORMATS[format_name].records(findings))
    if url is None:
        _write(b"".join(record.data for record in records), to)
    elif not findings:
        say("no findings to send", {"taken": 0, "refused": []})
    else:
        _send_run(records, format_name, url, dead_letters)


def _usage(
    out: Path | None, format_name: str, to: Path | None, url: str | None, dead_letters: Path | None, again: Path | None
) -> None:
    if (out is None) == (again is None):
        raise click.UsageError("Give the folder of a run, or --again with a folder of dead letters.")
    if to is not None and url is not None:
        raise click.UsageError("--to and --url exclude each other.")
    if url is None and (dead_letters is not None or again is not None):
        raise click.UsageError("--dead-letters and --again go with --url.")
    if again is not None and dead_letters is not None:
        raise click.UsageError("--again keeps what is not taken where it is; leave out --dead-letters.")
    if format_name == _PROMETHEUS and url is not None:
        raise click.UsageError("The format prometheus is written for node_exporter; give --to instead of --url.")


def _findings(out: Path, assessed: str) -> list[Exported]:
    from gauger.exports.findings import chosen, exported
    from gauger.results.run import read_run

    wanted = chosen(assessed)
    return list(exported(read_run(out), wanted))


def _write(data: bytes, to: Path | None) -> None:
    from gauger.batch.outputs import atomic

    if to is None:
        if sys.stdout.isatty():  # what accounts are called must not steer a terminal
            data = b"".join(f"{visible(line)}\n".encode() for line in data.decode(errors="replace").split("\n")[:-1])
        click.echo(data, nl=False)
    elif to.exists() and not to.is_file():  # a pipe or a device
        to.write_bytes(data)
    else:
        with atomic(to) as temporary:
            temporary.write_bytes(data)


def _send_run(records: Sequence[Record], format_name: str, url: str, dead_letters: Path | None) -> None:
    from gauger.exports.letters import put_aside

    door = _door(format_name, url)  # before letters are put down: the address may be none
    paths = {} if dead_letters is None else put_aside(records, dead_letters, format_name)
    kept = "they are lost; --dead-letters would keep them" if dead_letters is None else "--again sends them"
    _send(door, records, paths, kept)


def _send_again(folder: Path, format_name: str, url: str) -> None:
    from gauger.exports.letters import letters

    door = _door(format_name, url)
    paths = letters(folder, format_name)
    _send(door, list(paths), paths, "they stay there")


def _door(format_name: str, url: str) -> Door:
    from gauger.exports.delivery import Door
    from gauger.exports.formats import FORMATS

    return Door(url, format_name, FORMATS[format_name].content_type)


def _send(door: Door, records: Sequence[Record], paths: Mapping[Record, Path], kept: str) -> None:
    """Send records; letters go as they are taken."""

    def done(record: Record) -> None:
        if (path := paths.get(record)) is not None:
            path.unlink(missing_ok=True)

    sent = door.send(records, done)
    refused = [{"uid": record.uid, "why": why} for record, why in sent.refused]
    say(f"{sent.taken:,} of {plural(len(records), 'record')} taken", {"taken": sent.taken, "refused": refused})
    if refused:
        complain(f"{plural(len(refused), 'record')} not taken ({sent.refused[0][1]}); {kept}")
        sys.exit(1)
