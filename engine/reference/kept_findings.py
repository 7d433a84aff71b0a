"""Known campaigns on disk: a part of a commit."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.decisions import Decisions
from gauger.engine.findings.known import KnownFindings, Seen
from gauger.engine.reference.commits import CAMPAIGNS, Commit
from gauger.engine.reference.directory import Kept, StateDirectory
from gauger.engine.reference.kept_families import read_families
from gauger.engine.reference.writing import Writing
from gauger.engine.state.rows import Field
from gauger.engine.state.storage import columns_of, read_table, write_table
from gauger.kernels.text.features import FEATURES

_WHOLE: Field = (np.int64, ())
_DEFAULTS = {"first_day": 0}  # of what was kept before it was noted: some earlier day
_FIELDS: dict[str, dict[str, Field]] = {
    "campaigns": {"campaign_id": _WHOLE, "direction": (np.float32, (FEATURES,))},
    "families": {"campaign_id": _WHOLE, "family_id": _WHOLE},
    "members": {"campaign_id": _WHOLE, "account": (np.uint64, ()), "first_day": _WHOLE},
    "history": {"campaign_id": _WHOLE, "day": _WHOLE, "accounts": _WHOLE, "calls": _WHOLE},
}


def load_findings(directory: StateDirectory) -> KnownFindings:
    """The campaigns of earlier days; none in a directory that has not kept any yet."""
    return directory.read(lambda kept: read_findings(kept.commit))


def known_of(kept: Kept) -> tuple[KnownFamilies, KnownFindings, Decisions, tuple[str, ...]]:
    """What a commit knows of earlier days: families, findings, decisions, and what the ids are (``Commit.ids``)."""
    return read_families(kept.commit), read_findings(kept.commit), kept.decisions(), kept.commit.ids()


def read_findings(commit: Commit) -> KnownFindings:
    """The campaigns that a commit keeps."""
    if CAMPAIGNS not in commit.parts:
        return KnownFindings()
    with commit.reading(CAMPAIGNS) as (folder, manifest):
        tables = {name: columns_of(read_table(folder, name), fields, _DEFAULTS) for name, fields in _FIELDS.items()}
    families, members, history = tables["families"], tables["members"], tables["history"]
    seen = []
    for place, number in enumerate(tables["campaigns"]["campaign_id"].tolist()):
        own = {name: np.flatnonzero(table["campaign_id"] == number) for name, table in tables.items()}
        days, counts = history["day"][own["history"]], (history[name][own["history"]] for name in ("accounts", "calls"))
        seen.append(
            Seen(
                number,
                tables["campaigns"]["direction"][place],
                tuple(families["family_id"][own["families"]].tolist()),
                dict(zip(*(members[name][own["members"]].tolist() for name in ("account", "first_day")), strict=True)),
                tuple(
                    (date.fromordinal(day), *both)
                    for day, *both in zip(days.tolist(), *(one.tolist() for one in counts), strict=True)
                ),
            )
        )
    return KnownFindings(seen, int(manifest["next_id"]))


def save_findings(writing: Writing, known: KnownFindings) -> None:
    """Keep the known campaigns."""
    writing.put(CAMPAIGNS, lambda folder: _write(folder, known))


def _write(folder: Path, known: KnownFindings) -> dict[str, Any]:
    ids = np.asarray([one.campaign_id for one in known.seen], np.int64)
    directions = np.asarray([one.direction for one in known.seen], np.float32).reshape(-1, FEATURES)
    write_table(folder, "campaigns", {"campaign_id": ids, "direction": directions})
    _write_rows(folder, "families", [(one.campaign_id, family) for one in known.seen for family in one.families])
    members = [(one.campaign_id, *member) for one in known.seen for member in sorted(one.members.items())]
    columns = {name: [row[place] for row in members] for place, name in enumerate(_FIELDS["members"])}
    write_table(
        folder, "members", {name: np.asarray(columns[name], kind) for name, (kind, _) in _FIELDS["members"].items()}
    )
    history = [(one.campaign_id, day.toordinal(), *counts) for one in known.seen for day, *counts in one.history]
    _write_rows(folder, "history", history)
    return {"kind": "campaigns", "next_id": known.next_id}


def _write_rows(folder: Path, name: str, rows: Sequence[tuple[int, ...]]) -> None:
    columns = list(_FIELDS[name])
    table = np.asarray(rows, np.int64).reshape(-1, len(columns))
    write_table(folder, name, {column: table[:, place] for place, column in enumerate(columns)})
