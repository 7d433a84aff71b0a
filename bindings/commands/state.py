"""The commands of ``gauger state``: looking after a state directory."""

import sys
from datetime import datetime
from pathlib import Path

import click

from gauger.commands.group import Group, say
from gauger.engine.common.settings import Settings
from gauger.text.formats import visible

_state_option = click.option(
    "--state",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="State directory that days were scored with.",
)


@click.group("state", cls=Group)
def state_commands() -> None:
    """Look after a state directory: list, check, prune, forget.

    \b
    Example:
      gauger state list --state state
    """


@state_commands.command("list")
@_state_option
def list_kept(state: Path) -> None:
    """List what is kept: days with their accounts, families, campaigns, bytes and the key's id.

    \b
    Example:
      gauger state list --state state
    """
    from gauger.batch.upkeep import listed, parts

    say(listed(state), {"parts": parts(state)})


@state_commands.command()
@_state_option
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), help="Remove days before this one.")
@click.option(
    "--retention-days",
    type=click.IntRange(1),
    help=f"Remove days so much older than the newest, and those in the future (default: {Settings.retention_days}).",
)
@click.option("--damaged", is_flag=True, help="Go on without parts that are damaged; ids are not given again.")
def prune(state: Path, before: datetime | None, retention_days: int | None, damaged: bool) -> None:
    """Remove old days, or damaged parts.

    \b
    Example:
      gauger state prune --state state --before 2026-01-01
    """
    from gauger.batch.upkeep import pruned

    if before is None and not damaged and retention_days is None:
        retention_days = Settings.retention_days
    day = None if before is None else before.date()
    text = pruned(state, before=day, retention_days=retention_days, damaged=damaged)
    say(text, {"lines": text.splitlines()})


@state_commands.command()
@_state_option
def check(state: Path) -> None:
    """Read everything that is kept and say what is damaged and what that costs; exit code 1 if anything is.

    \b
    Example:
      gauger state check --state state
    """
    from gauger.batch.upkeep import checked

    said, wrong = checked(state)
    say(said, {"said": said, "damaged": wrong})
    for sentence in wrong:
        click.echo(f"gauger: {visible(sentence)}", err=True)
    if wrong:
        sys.exit(1)


@state_commands.command()
@_state_option
def decisions(state: Path) -> None:
    """List what people decided of findings, oldest first: who, when, why, and whether it holds.

    \b
    Example:
      gauger state decisions --state state
    """
    from gauger.results.deciding import listed

    entries = listed(state)
    lines = [
        f"{one['at']:%Y-%m-%d %H:%M} finding {one['campaign_id']}: {one['decision']}"
        f"{'' if one['holds'] else ' (holds no more)' if one['decision'] != 'undone' else ''}, "
        f"{visible(one['who'])}: {visible(one['why'])}"
        for one in entries
    ]
    say("\n".join(lines or ["Nothing was decided."]), {"decisions": entries})


@state_commands.command()
@_state_option
@click.option("--account", required=True, help="An account id.")
def forget(state: Path, account: str) -> None:
    """Remove an account from everything that is kept. Outputs of earlier runs are not touched.

    \b
    Example:
      gauger state forget --state state --account a-17
    """
    from gauger.batch.upkeep import forgotten

    text = forgotten(state, account)
    say(text, {"said": text})
