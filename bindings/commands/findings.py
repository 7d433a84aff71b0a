"""What a person does with a finding: ``gauger decide``, ``package``, ``stamp``, ``verify`` and ``appeal``."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from gauger.boundary import complain
from gauger.commands.group import note, say
from gauger.commands.options import FOLDER, PATH, columns_option, workers_option
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


@click.command("package")
@click.argument("out", type=FOLDER)
@click.option("--finding", required=True, type=click.IntRange(1), help="The finding's number.")
@click.option("--to", required=True, type=FOLDER, help="Folder to write, not there yet or empty.")
@click.option("--key", type=PATH, help="PEM file of an Ed25519 private key to sign with.")
def package_command(out: Path, finding: int, to: Path, key: Path | None) -> None:
    """Pack a finding with every number behind it into a folder that others can check.

    \b
    Example, with a key made by: openssl genpkey -algorithm ed25519 -out key.pem
      gauger package day --finding 1 --to finding-1 --key key.pem
    """
    from gauger.package.contents import pack

    files = pack(out, finding, to, key)
    say(
        f"{plural(files, 'file')} in {visible(str(to))}{'' if key else ', not signed'}",
        {"folder": str(to), "files": files, "signed": key is not None},
    )


@click.command("stamp")
@click.argument("path", type=PATH)
@click.option("--by", required=True, metavar="URL", help="Address of a time-stamping authority (RFC 3161).")
def stamp_command(path: Path, by: str) -> None:
    """Have an authority say that a package, or a commitment to canaries, was there by now. It sees a digest alone.

    \b
    Example:
      gauger stamp finding-1 --by https://freetsa.org/tsr
      gauger stamp canaries-7.commitment.json --by https://freetsa.org/tsr
    """
    from gauger.package.chain import CHAIN
    from gauger.timestamps.authority import put

    place = put(path / CHAIN if path.is_dir() else path, by)
    say(f"{visible(str(place))}: the time stamp", {"stamp": str(place)})


@click.command("verify")
@click.argument("package", type=FOLDER)
@click.option("--public-key", type=PATH, help="Ed25519 public key that it must be signed by.")
@click.option("--authority", type=PATH, help="Certificates (PEM) of the authority that must have stamped it.")
@click.option("--log", "logs", multiple=True, type=PATH, help="Log it was made from: computes each number again.")
@click.option("--state", type=FOLDER, help="State directory it was scored with; nothing is written to it.")
@columns_option
@click.option("--allow", type=PATH, help="Allow-list it was scored with.")
@click.option("--signature", multiple=True, type=PATH, help="What another provider found, that it was scored with.")
@workers_option
def verify_command(
    package: Path,
    public_key: Path | None,
    logs: tuple[Path, ...],
    state: Path | None,
    columns: str | None,
    allow: Path | None,
    **options: Any,
) -> None:
    """Check that a package is as it was written, and with --log that its numbers follow from the log.

    Exit code 1 says that something does not match, and what.

    \b
    Example:
      gauger verify finding-1 --public-key key.pub --log logs/2026-03-16.jsonl --state state
    """
    from gauger.package.chain import CHAIN, PackageError, check
    from gauger.package.recompute import Again, recompute

    try:
        signer = check(package, public_key)
        whole = "every file is as it was packed"
        note(f"{whole}, signed by key {signer}" if signer else f"{whole}; it is not signed")
        stamped = _stamped(package / CHAIN, options["authority"])
        again = Again(list(logs), state, columns, allow, options["workers"], options["signature"])
        found = recompute(package, again) if logs else None
    except PackageError as problem:
        complain(f"{visible(str(package))}: {problem}")
        sys.exit(1)
    told = {"whole": True, "signer": signer, "stamped": stamped}
    if found is None:
        say("no --log: its numbers were not computed again", {**told, "computed": None})
        return
    lines = [*found.notes, *map(visible, found.differences)]
    say(
        "\n".join([*lines, f"{found.values:,} values computed again, {found.different:,} differ"]),
        {**told, "computed": asdict(found)},
    )
    sys.exit(1 if found.different else 0)


def _stamped(chain: Path, authority: Path | None) -> str | None:
    """When a chain was stamped; None where nobody asked."""
    from gauger.engine.common.errors import InputError
    from gauger.package.chain import PackageError
    from gauger.timestamps.authority import check, stamp_path

    if authority is None:
        if stamp_path(chain).exists():
            note("its time stamp was not checked; --authority names whom you trust")
        return None
    try:
        found = check(chain, authority)
    except InputError as problem:
        raise PackageError(str(problem)) from None
    note(f"stamped {found.time.isoformat()} by {found.authority}")
    return found.time.isoformat()


@click.command("appeal")
@click.argument("out", type=FOLDER)
@click.option("--account", required=True, help="An account id.")
def appeal_command(out: Path, account: str) -> None:
    """Say of an account why it is in a finding, how sure that is, and what remains of the finding without it.

    \b
    Example:
      gauger appeal day --account acct_1c2fff098912d3f0
    """
    from gauger.package.appeal import appeal

    text, told = appeal(out, account)
    say(text.rstrip("\n"), told)
