"""The ledger keeps calls in order of arrival, and renames rows when ledgers meet."""

import numpy as np

from gauger.engine.state.ledger import FIELDS, Ledger


def ledger_of(count: int, seed: int) -> Ledger:
    chance = np.random.default_rng(seed)
    ledger = Ledger()
    ledger.rows.append({name: chance.integers(0, 3, count).astype(dtype) for name, (dtype, _) in FIELDS.items()})
    return ledger


def test_merge_appends_with_accounts_and_prompts_renamed_and_leaves_the_other_alone() -> None:
    left, right = ledger_of(5, 1), ledger_of(7, 2)
    before, added = ({name: one.rows[name].tolist() for name in FIELDS} for one in (left, right))
    left.merge(right, np.array([30, 31, 32]), np.array([40, 41, 42]))
    for name in FIELDS:
        first = {"account": 30, "prompt": 40}.get(name, 0)
        assert left.rows[name].tolist() == before[name] + [first + value for value in added[name]]
    left.rows["time"][:] = -1
    assert {name: right.rows[name].tolist() for name in FIELDS} == added


def test_a_call_takes_the_bytes_promised() -> None:
    size = sum(np.dtype(dtype).itemsize for dtype, _ in FIELDS.values())
    assert size == 56
    assert Ledger().rows.nbytes % size == 0
