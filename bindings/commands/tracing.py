"""The commands ``gauger canary`` and ``gauger trace``: where a copied model came from."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import click

from gauger.commands.group import Group, say
from gauger.commands.options import PATH
from gauger.text.formats import visible

_field_option = click.option(
    "--field",
    metavar="PATH",
    help="Where the text is in a record, as choices.0.message.content (default: usual names).",
)


@click.group("canary", cls=Group)
def canary_commands() -> None:
    """Mark what is served to a campaign, so that a copy of the model shows it.

    \b
    Example:
      gauger canary new --campaign 7 --words words.txt --to canaries-7.json
    """


@canary_commands.command("new")
@click.option("--campaign", required=True, type=click.IntRange(0), help="The finding's number.")
@click.option("--words", required=True, type=PATH, help="A word a line, or texts of which words are taken.")
@click.option("--to", required=True, type=PATH, help="Secret file to write; its commitment is put beside it.")
@click.option("--pairs", default=200, show_default=True, type=click.IntRange(20, 10_000), help="Pairs to serve.")
@click.option("--decoys", default=1023, show_default=True, type=click.IntRange(15, 4095), help="Decoys of each pair.")
@_field_option
def new(campaign: int, words: Path, to: Path, pairs: int, decoys: int, field: str | None) -> None:
    """Draw word pairs and decoys by lot, and commit to them before anything is served.

    Publish the commitment where others see when: only what was committed before counts.

    \b
    Example:
      gauger canary new --campaign 7 --words words.txt --to canaries-7.json
    """
    from gauger.tracing import files

    made = files.make(campaign, files.words_in(words, field), to, pairs, decoys + 1)
    public = files.commitment_path(to)
    lines = [
        f"{visible(str(to))}: {pairs:,} pairs of {len(made.words):,} words, secret",
        f"{visible(str(public))}: publish it before anything is served",
        f"SHA-256 {made.digest()}",
    ]
    say("\n".join(lines), {"canaries": str(to), "commitment_file": str(public), **made.commitment()})


@click.command("trace")
@click.argument("outputs", nargs=-1, required=True, metavar="OUTPUTS...")
@click.option("--canaries", type=PATH, multiple=True, help="Secret file of a campaign; may be repeated.")
@click.option("--commitment", type=PATH, multiple=True, help="What was published (default: beside each secret file).")
@click.option("--obtained", type=click.DateTime(["%Y-%m-%d"]), help="Day the outputs were obtained.")
@click.option("--watermark", type=PATH, help="File of the watermark that was used; outputs have token ids then.")
@click.option("--served", multiple=True, metavar="LOG", help="Answers with token ids: only their contexts count.")
@click.option("--tests", default=0, type=click.IntRange(0), help="Tests ever possible, where these are not all.")
@click.option(
    "--level", default=1e-3, show_default=True, type=click.FloatRange(1e-12, 0.05), help="Error rate allowed."
)
@_field_option
@click.option("--token-field", metavar="PATH", help="Where the token ids are in a record (default: usual names).")
def trace_command(outputs: tuple[str, ...], **asked: Any) -> None:
    """Test a suspect model's outputs for what was served to campaigns.

    All tests of a command are corrected together.

    \b
    Example:
      gauger trace outputs.jsonl --canaries canaries-7.json --canaries canaries-9.json --obtained 2026-12-24
    """
    from gauger.tracing.trace import Suspect, read_committed, trace
    from gauger.tracing.watermark_file import read_watermark

    canaries, commitment, obtained = asked["canaries"], asked["commitment"], asked["obtained"]
    if not canaries and asked["watermark"] is None:
        raise click.UsageError("give --canaries or --watermark: what to test for")
    if commitment and len(commitment) != len(canaries):
        raise click.UsageError("give a --commitment for each of --canaries, in their order, or none")
    if asked["served"] and asked["watermark"] is None:
        raise click.UsageError("--served goes with --watermark")
    committed = read_committed(canaries, commitment, None if obtained is None else obtained.replace(tzinfo=UTC))
    watermark = None if asked["watermark"] is None else read_watermark(asked["watermark"])
    suspect = Suspect(outputs, asked["field"], asked["token_field"])
    traced = trace(suspect, committed, watermark, asked["served"], asked["tests"], asked["level"])
    say("\n\n".join(traced.sentences()), traced.data())
