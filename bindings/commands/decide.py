"""The command ``gauger decide``: what a person decides of a finding."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path

import click

from gauger.commands.group import say
from gauger.commands.options import FOLDER, PATH
from gauger.text.formats import plural, visible

_DECISIONS = ("campaign", "honest", "unsure")
_FROM_NOW = {
    "campaign": "its accounts are named and flagged from the next run on",
    "honest": "it is not raised again, and its accounts are compared with",
    "undone": "what was decided before holds again",
}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@click.command("decide")
@click.argument("out", type=FOLDER)
@click.option("--finding", required=True, type=click.IntRange(1), help="The finding's number.")
@click.option("--as", "decision", type=click.Choice(_DECISIONS), help="What it is.")
@click.option("--undo", is_flag=True, help="Take back the decision that holds on it.")
@click.option("--why", required=True, help="The reason, for whoever reads it later. It is kept as it stands.")
@click.option("--who", default=_user, help="Who decides (default: the user).")
@click.option("--state", required=True, type=FOLDER, help="State directory that the run was scored with.")
@click.option("--published", type=PATH, help="File of verdicts to change at once; the next run publishes it anyway.")
def decide_command(
    out: Path, finding: int, decision: str | None, undo: bool, why: str, who: str, state: Path, published: Path | None
) -> None:
    """Keep what you decide of a finding, for the runs that follow. Nothing is removed: undoing is an entry, too.

    \b
    Example:
      gauger decide day --finding 2 --as honest --why "our own tests, ticket 4711" --state state
    """
    from gauger.results import deciding

    if undo == (decision is not None):
        raise click.UsageError("give --as campaign, honest or unsure, or --undo")
    if decision is None:
        entry = deciding.undo(state, finding, why, who)
    else:
        entry = deciding.decide(out, state, finding, decision, why, who)
    lines = [f"Decision {entry.number}: finding {finding}, {plural(entry.accounts, 'account')}: {entry.decision}"]
    if entry.decision in _FROM_NOW:
        lines.append(_FROM_NOW[entry.decision])
    if published is not None:
        there = deciding.tell_hosts(published, state, entry)
        lines.append(f"{visible(str(published))}: {'changed' if there else 'has no such finding; left as it is'}")
    say("\n".join(lines), asdict(entry))
