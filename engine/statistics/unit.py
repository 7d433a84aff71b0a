"""A unit of a day: some shards of its accounts, folded, with their calls."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from gauger.engine.state.state import State
from gauger.engine.statistics.population import Population, accounts_of


@dataclass(frozen=True)
class UnitCalls:
    """c calls of a unit's accounts, in any order."""

    owner: np.ndarray  # int64[c], row of the unit's population
    file: np.ndarray  # int32[c]
    row: np.ndarray  # int64[c], of the file
    time: np.ndarray  # int64[c], microseconds
    prompt: np.ndarray  # uint64[c, 2], keyed hash
    flags: np.ndarray  # uint8[c], elicitation flags of the prompt
    identity: np.ndarray  # uint64[c]
    address: np.ndarray  # uint64[c], keyed hash, 0 = not known
    novelty: np.ndarray  # float32[c]

    def __len__(self) -> int:
        return len(self.owner)

    def owned_by(self, owner: np.ndarray) -> UnitCalls:
        """The calls with other numbers for their owners, int64[c]."""
        return replace(self, owner=owner)

    def select(self, kept: np.ndarray) -> UnitCalls:
        """The calls of a boolean mask."""
        return UnitCalls(*(getattr(self, field.name)[kept] for field in fields(self)))


def fold(state: State) -> tuple[Population, UnitCalls]:
    """The accounts of a state in order of id, panes of one account merged, and all calls."""
    population, owners = accounts_of(state)
    ledger, prompts = state.ledger.rows, state.prompts.rows
    prompt = ledger["prompt"]
    calls = UnitCalls(
        owner=owners[ledger["account"]],
        file=ledger["file"],
        row=ledger["row"],
        time=ledger["time"],
        prompt=prompts["hash"][prompt],
        flags=prompts["flags"][prompt],
        identity=ledger["identity"],
        address=ledger["address"],
        novelty=ledger["novelty"],
    )
    return population, calls
