"""The ledger: one narrow row a call, so that a run can say at its end what each call turned out to be."""

from __future__ import annotations

import numpy as np

from gauger.engine.state.rows import Field, Rows

FIELDS: dict[str, Field] = {
    "file": (np.int32, ()),
    "row": (np.int64, ()),
    "account": (np.int64, ()),  # row of the account table
    "prompt": (np.int64, ()),  # row of the prompt table
    "time": (np.int64, ()),
    "identity": (np.uint64, ()),
    "address": (np.uint64, ()),  # keyed hash, 0 = not known
    "novelty": (np.float32, ()),
}


class Ledger:
    """Calls in order of arrival; 56 bytes each."""

    def __init__(self) -> None:
        self.rows = Rows(FIELDS, 4096)

    def merge(self, other: Ledger, accounts: np.ndarray, prompts: np.ndarray) -> None:
        """Append another ledger; the arrays map its account and prompt rows."""
        columns = {name: other.rows[name] for name in FIELDS}
        columns["account"] = accounts[columns["account"]]
        columns["prompt"] = prompts[columns["prompt"]]
        self.rows.append(columns)
