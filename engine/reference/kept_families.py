"""Known families on disk: a part of a commit."""

from pathlib import Path
from typing import Any

import numpy as np

from gauger.engine.families.known import KnownFamilies
from gauger.engine.reference.commits import FAMILIES, Commit
from gauger.engine.reference.writing import Writing
from gauger.engine.state.rows import Field
from gauger.engine.state.storage import columns_of, read_table, write_table
from gauger.kernels.sketches import minhash

_FIELDS: dict[str, Field] = {
    "family_id": (np.int64, ()),
    "kind": (np.uint8, ()),
    "signature": (np.uint8, (minhash.SLOTS,)),
    "last_seen": (np.int64, ()),
}


def read_families(commit: Commit) -> KnownFamilies:
    """The known families; none in a new directory."""
    if FAMILIES not in commit.parts:
        return KnownFamilies()
    with commit.reading(FAMILIES) as (folder, manifest):
        found = columns_of(read_table(folder, "families"), _FIELDS)
    return KnownFamilies(
        ids=found["family_id"],
        kinds=found["kind"],
        signatures=found["signature"],
        last_seen=found["last_seen"],
        next_id=int(manifest["next_id"]),
    )


def save_families(writing: Writing, known: KnownFamilies) -> None:
    """Keep the known families."""

    def fill(folder: Path) -> dict[str, Any]:
        columns = (known.ids, known.kinds, known.signatures, known.last_seen)
        write_table(folder, "families", dict(zip(_FIELDS, columns, strict=True)))
        return {"kind": "families", "next_id": known.next_id}

    writing.put(FAMILIES, fill)
