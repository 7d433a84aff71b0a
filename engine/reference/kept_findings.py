"""Known campaigns on disk: STATE/campaigns."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from gauger.engine.findings.known import KnownFindings, Seen
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.state.storage import (
    new_folder,
    read_manifest,
    read_table,
    replace_folder,
    settle,
    unpack,
    write_manifest,
    write_table,
)
from gauger.kernels.text.features import FEATURES


def load_findings(directory: StateDirectory) -> KnownFindings:
    """The campaigns of earlier days; none in a directory that has not kept any yet."""
    folder = directory.path / "campaigns"
    settle(folder)
    if not folder.exists():
        return KnownFindings()
    manifest = read_manifest(folder, directory.secret.key_id)
    tables = {name: read_table(folder, name) for name in ("campaigns", "families", "members", "history")}

    def column(table: str, name: str, dtype: type[np.generic] = np.int64) -> np.ndarray:
        return unpack(tables[table].column(name), dtype)

    ids = column("campaigns", "campaign_id")
    directions = unpack(tables["campaigns"].column("direction"), np.float32, (FEATURES,))
    families, members = column("families", "family_id"), column("members", "account", np.uint64)
    days, accounts, calls = (column("history", name) for name in ("day", "accounts", "calls"))
    owners = {name: column(name, "campaign_id") for name in ("families", "members", "history")}
    seen = []
    for place, number in enumerate(ids.tolist()):
        own = {name: np.flatnonzero(owner == number) for name, owner in owners.items()}
        history = tuple(
            (date.fromordinal(int(days[row])), int(accounts[row]), int(calls[row])) for row in own["history"]
        )
        seen.append(
            Seen(
                number,
                directions[place],
                tuple(families[own["families"]].tolist()),
                frozenset(members[own["members"]].tolist()),
                history,
            )
        )
    return KnownFindings(seen, int(manifest["next_id"]))


def save_findings(directory: StateDirectory, known: KnownFindings) -> None:
    """Keep the known campaigns."""
    target = directory.path / "campaigns"
    folder = new_folder(target)
    ids = np.asarray([one.campaign_id for one in known.seen], np.int64)
    directions = np.asarray([one.direction for one in known.seen], np.float32).reshape(-1, FEATURES)
    write_table(folder, "campaigns", {"campaign_id": ids, "direction": directions})
    families = [(one.campaign_id, family) for one in known.seen for family in one.families]
    members = [(one.campaign_id, member) for one in known.seen for member in sorted(one.members)]
    history = [(one.campaign_id, day.toordinal(), *counts) for one in known.seen for day, *counts in one.history]
    _write(folder, "families", ("campaign_id", "family_id"), families)
    owner = np.asarray([number for number, _ in members], np.int64)
    write_table(
        folder, "members", {"campaign_id": owner, "account": np.asarray([one for _, one in members], np.uint64)}
    )
    _write(folder, "history", ("campaign_id", "day", "accounts", "calls"), history)
    write_manifest(folder, directory.secret.key_id, {"kind": "campaigns", "next_id": known.next_id})
    replace_folder(folder, target)


def _write(folder: Path, name: str, columns: tuple[str, ...], rows: Sequence[tuple[int, ...]]) -> None:
    table = np.asarray(rows, np.int64).reshape(-1, len(columns))
    write_table(folder, name, {column: table[:, place] for place, column in enumerate(columns)})
