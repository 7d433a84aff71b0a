"""The commands of ``gauger signature``: findings between providers."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click
import orjson

from gauger.commands.group import Group, note, say
from gauger.commands.options import FOLDER, PATH, alarm_level_option
from gauger.engine.common.settings import Settings
from gauger.text.formats import cell, plural, visible

_SHOWN = 20
_state_option = click.option(
    "--state", required=True, type=FOLDER, help="State directory that joined the consortium (gauger signature join)."
)
_key_option = click.option("--key", type=PATH, help="File of the consortium's key, to be sure that it is this one.")
_to_option = click.option(
    "--to", type=click.File("wb", atomic=True), default="-", help="File to write (default: standard output)."
)


@click.group("signature", cls=Group)
def signature_commands() -> None:
    """Hand a finding to another provider, and weigh what another one found (docs/guide/exchange.md).

    \b
    Example, at the provider that found it and at another one:
      gauger signature export day --finding 3 --state state --to finding.sig
      gauger signature match finding.sig --state state
    """


@signature_commands.command("join")
@click.argument("state", type=FOLDER)
@click.option("--key", required=True, type=PATH, help="File of the consortium's key; made if missing.")
def join_command(state: Path, key: Path) -> None:
    """Make a new state directory of a member of a consortium: it measures so that members can compare.

    \b
    Example:
      gauger signature join state --key consortium.key
    """
    from gauger.exchange.sharing import join

    made = join(state, key)
    consortium = made.secret.consortium_id
    text = f"{visible(str(state))}: joined consortium {consortium}; score the last weeks into it before the first match"
    say(text, {"state": str(state), "key_id": made.secret.key_id, "consortium": consortium})


@signature_commands.command("export")
@click.argument("out", type=FOLDER)
@click.option("--finding", required=True, type=click.IntRange(1), help="The finding's number.")
@_state_option
@_key_option
@click.option("--k", default=10, show_default=True, type=click.IntRange(10), help="Accounts behind each centroid.")
@click.option("--stix", is_flag=True, help="Write it as an indicator in a bundle of STIX 2.1.")
@_to_option
def export_command(out: Path, finding: int, state: Path, key: Path | None, k: int, stix: bool, to: BinaryIO) -> None:
    """Write a finding as a signature for other members of the consortium: no prompts, no ids, at most 8 kB.

    \b
    Example:
      gauger signature export day --finding 3 --state state --to finding.sig
    """
    from gauger.exchange.sharing import export
    from gauger.exchange.stix import bundle

    found, content = export(out, finding, state, key, k)
    written = orjson.dumps(bundle(found, content)) if stix else content
    to.write(written)
    if getattr(to, "name", "<stdout>") != "<stdout>":
        centroids = plural(len(found.centroids), "centroid")
        note(f"Signature {found.name}: {plural(found.accounts, 'account')}, {centroids}, {len(written):,} bytes")


@signature_commands.command("match")
@click.argument("signatures", nargs=-1, required=True, type=PATH)
@_state_option
@click.option("--out", type=FOLDER, help="A run of this state: its day is taken, and its families are looked at.")
@alarm_level_option
def match_command(signatures: tuple[Path, ...], state: Path, out: Path | None, alarm_level: float) -> None:
    """Weigh the accounts of a kept day against signatures, each ranked among this provider's own reference.

    \b
    Example:
      gauger signature match finding.sig --state state --out day
    """
    from gauger.exchange.sharing import answers

    found, told = answers(signatures, state, out, Settings(alarm_level=alarm_level))
    lines, records = [], []
    for one in told:
        signature = one.signature
        lines.append(
            f"Signature {signature.name}, {plural(signature.accounts, 'account')} elsewhere up to {signature.days[1]}: "
            f"{len(one.alike):,} of {plural(len(found.account_ids), 'account')} of {found.day} are like it"
        )
        lines += [f"  {cell(alike.account_id)}  evidence {alike.evidence:.1f}" for alike in one.alike[:_SHOWN]]
        more = len(one.alike) - _SHOWN
        lines += [f"  and {plural(more, 'account')} more; --json names all"] if more > 0 else []
        lines += [
            f"  family {number} has {held} of its {len(signature.frames)} hashes of frames"
            for number, held in one.families[:_SHOWN]
        ]
        records.append(
            {
                "signature": signature.name,
                "accounts_elsewhere": signature.accounts,
                "days": signature.days,
                "alike": [{"account_id": alike.account_id, "evidence": alike.evidence} for alike in one.alike],
                "families": [{"family_id": number, "frames": held} for number, held in one.families],
            }
        )
    days = plural(len(found.reference_days), "day")
    lines.append(f"Ranked among {found.reference_accounts:,} accounts of {days}, at {alarm_level:g}")
    say("\n".join(lines), {"day": found.day, "accounts": len(found.account_ids), "signatures": records})


@signature_commands.group("psi", cls=Group)
def psi_commands() -> None:
    """Find which addresses or payments another provider has, too, and nothing of the others (needs gauger[psi]).

    \b
    Example, with a value a line; the other provider runs the second one:
      gauger signature psi request ours.txt --key request.key --to request
      gauger signature psi answer request theirs.txt --to answer
      gauger signature psi common answer ours.txt --key request.key
    """


@psi_commands.command("request")
@click.argument("values", type=PATH)
@click.option("--key", required=True, type=PATH, help="File for the key that reads the answer; keep it.")
@_to_option
def psi_request(values: Path, key: Path, to: BinaryIO) -> None:
    """Ask which of these values another provider has, too; it sees how many there are.

    \b
    Example:
      gauger signature psi request ours.txt --key request.key --to request
    """
    from gauger.exchange.intersection import request

    to.write(request(values, key))


@psi_commands.command("answer")
@click.argument("asked", type=PATH, metavar="REQUEST")
@click.argument("values", type=PATH)
@_to_option
def psi_answer(asked: Path, values: Path, to: BinaryIO) -> None:
    """Answer a request by these values; who asked learns which of its own are among them.

    \b
    Example:
      gauger signature psi answer request theirs.txt --to answer
    """
    from gauger.exchange.intersection import answer

    to.write(answer(asked, values))


@psi_commands.command("common")
@click.argument("answered", type=PATH, metavar="ANSWER")
@click.argument("values", type=PATH)
@click.option("--key", required=True, type=PATH, help="File of the request's key.")
def psi_common(answered: Path, values: Path, key: Path) -> None:
    """Say which values both have.

    \b
    Example:
      gauger signature psi common answer ours.txt --key request.key
    """
    from gauger.exchange.intersection import common

    found = common(answered, values, key)
    say("\n".join(map(cell, found)) or "None in common.", {"common": found})
