"""The ledger keeps calls in order of arrival, and renames rows when ledgers meet."""

from __future__ import annotations

import numpy as np

from gauger.engine.state.ledger import FIELDS, Ledger


def ledger_of(count: int, seed: int) -> Ledger:
    chance = np.random.default_rng(seed)
    ledger = Ledger()
    ledger.rows.append({name: chance.integers(0, 3, count).astype(dtype) for name, (dtype, _) in FIELDS.items()})
    return ledger


def test_merge_appends_with_accounts_and_prompts_renamed() -> None:
    left, right = ledger_of(5, 1), ledger_of(7, 2)
    before = {name: left.rows[name].tolist() for name in FIELDS}
    accounts, prompts = np.array([30, 31, 32]), np.array([40, 41, 42])
    left.merge(right, accounts, prompts)
    for name in FIELDS:
        added = right.rows[name].tolist()
        if name in ("account", "prompt"):
            added = [(30 if name == "account" else 40) + row for row in added]
        assert left.rows[name].tolist() == before[name] + added


def test_merge_leaves_the_other_ledger_alone() -> None:
    left, right = ledger_of(2, 1), ledger_of(3, 2)
    before = {name: right.rows[name].tolist() for name in FIELDS}
    left.merge(right, np.array([9, 9, 9]), np.array([9, 9, 9]))
    left.rows["time"][:] = -1
    assert {name: right.rows[name].tolist() for name in FIELDS} == before


def test_a_call_takes_the_bytes_promised() -> None:
    size = sum(np.dtype(dtype).itemsize for dtype, _ in FIELDS.values())
    assert size == 56
    assert Ledger().rows.nbytes % size == 0
