"""The commands ``gauger canary``, ``responses`` and ``trace``: where a copied model came from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gauger.commands.group import Group, say
from gauger.commands.options import FOLDER, PATH, columns_option
from gauger.text.formats import plural, visible

if TYPE_CHECKING:
    from gauger.engine.common.secret import Secret

_field_option = click.option(
    "--field",
    metavar="PATH",
    help="Where the text is in a record, as choices.0.message.content (default: usual names).",
)
_state_option = click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False, exists=True), help="State directory whose key is used."
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
@click.option("--attested", is_flag=True, help="Draw pairs that the texts have, if rarely: they pass more filters.")
@_field_option
def new(campaign: int, words: Path, to: Path, pairs: int, decoys: int, attested: bool, field: str | None) -> None:
    """Draw word pairs and decoys by lot, and commit to them before anything is served.

    Publish the commitment where others see when: only what was committed before counts.

    \b
    Example:
      gauger canary new --campaign 7 --words words.txt --to canaries-7.json
    """
    from gauger.tracing import files

    drawn_from = files.pairs_in(words, pairs * (decoys + 1), field) if attested else files.words_in(words, field)
    made = files.make(campaign, drawn_from, to, pairs, decoys + 1, attested)
    public = files.commitment_path(to)
    lines = [
        f"{visible(str(to))}: {pairs:,} pairs of {len(made.vocabulary):,} words, secret",
        f"{visible(str(public))}: publish it before anything is served",
        f"SHA-256 {made.digest()}",
    ]
    say("\n".join(lines), {"canaries": str(to), "commitment_file": str(public), **made.commitment()})


@click.command("responses")
@click.argument("out", type=FOLDER)
@click.argument("logs", nargs=-1, required=True, metavar="LOGS...")
@click.option("--finding", required=True, type=click.IntRange(1), help="The finding's number.")
@click.option("--to", required=True, type=PATH, help="File to write; it holds no text.")
@_state_option
@columns_option
@_field_option
def responses_command(
    out: Path, logs: tuple[str, ...], finding: int, to: Path, state: Path | None, columns: str | None, field: str | None
) -> None:
    """Keep sketches of what a finding's accounts were answered, and as many others, for a later comparison.

    \b
    Example:
      gauger responses day logs/2026-03-16.jsonl --finding 1 --to responses-1.parquet --state state
    """
    from gauger.tracing import responses

    kept = responses.keep(out, logs, finding, to, _secret(state), columns, field)
    text = (
        f"{visible(str(to))}: {plural(kept.responses, 'response')} of {plural(kept.members, 'account')} of finding "
        f"{finding} and of {plural(kept.controls, 'control')}, {kept.bytes:,} bytes"
    )
    say(text, asdict(kept))


def _secret(state: Path | None) -> Secret:
    from gauger.engine.common.secret import default_secret
    from gauger.engine.reference.directory import StateDirectory

    return default_secret() if state is None else StateDirectory(state).secret


@click.command("trace")
@click.argument("outputs", nargs=-1, required=True, metavar="OUTPUTS...")
@click.option("--canaries", type=PATH, multiple=True, help="Secret file of a campaign; may be repeated.")
@click.option("--commitment", type=PATH, multiple=True, help="What was published (default: beside each secret file).")
@click.option("--obtained", type=click.DateTime(["%Y-%m-%d"]), help="Day the outputs were obtained.")
@click.option("--authority", type=PATH, help="Certificates (PEM) of the authority that must have stamped them.")
@click.option("--watermark", type=PATH, help="File of the watermark that was used; outputs have token ids then.")
@click.option("--served", multiple=True, metavar="LOG", help="Answers with token ids: only their contexts count.")
@click.option("--responses", type=PATH, help="What gauger responses kept; says how alike, and proves nothing.")
@_state_option
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
      gauger trace outputs.jsonl --canaries canaries-7.json --obtained 2026-12-24
    """
    from gauger.tracing.responses import lead
    from gauger.tracing.trace import Suspect, lead_sentence, read_committed, trace
    from gauger.tracing.watermark_file import read_watermark

    canaries, commitment, obtained = asked["canaries"], asked["commitment"], asked["obtained"]
    if not canaries and asked["watermark"] is None and asked["responses"] is None:
        raise click.UsageError("give --canaries, --watermark or --responses: what to look for")
    if commitment and len(commitment) != len(canaries):
        raise click.UsageError("give a --commitment for each of --canaries, in their order, or none")
    if asked["served"] and asked["watermark"] is None:
        raise click.UsageError("--served goes with --watermark")
    if asked["authority"] is not None and not canaries:
        raise click.UsageError("--authority goes with --canaries")
    taken = None if obtained is None else obtained.replace(tzinfo=UTC)
    committed = read_committed(canaries, commitment, taken, asked["authority"])
    watermark = None if asked["watermark"] is None else read_watermark(asked["watermark"])
    suspect = Suspect(outputs, asked["field"], asked["token_field"])
    traced = trace(suspect, committed, watermark, asked["served"], asked["tests"], asked["level"])
    sentences, data = traced.sentences(), traced.data()
    if asked["responses"] is not None:
        finding, found = lead(asked["responses"], outputs, _secret(asked["state"]), asked["field"])
        sentences.append(lead_sentence(finding, found))
        data |= {"lead": {"finding": finding, **asdict(found), "sentence": sentences[-1]}}
    say("\n\n".join(sentences), data)
