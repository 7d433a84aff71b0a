"""The command ``gauger doctor``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from gauger.commands.group import say
from gauger.commands.options import FOLDER
from gauger.text.formats import visible


@click.command("doctor")
@click.option("--state", type=FOLDER, help="State directory to read whole.")
@click.option("--work", type=FOLDER, help="Where work files would go.")
def doctor_command(state: Path | None, work: Path | None) -> None:
    """Check versions, processor, memory, disk, kernels and key, and score a small day. Exit code 1 if anything is bad.

    \b
    Example:
      gauger doctor --state state
    """
    from gauger.doctor import BAD, examined

    checks = list(examined(state, work))
    say(
        "\n".join(f"{one.state:<9} {one.name:<10} {visible(one.said)}" for one in checks),
        {"checks": [asdict(one) for one in checks]},
    )
    if any(one.state == BAD for one in checks):
        sys.exit(1)
