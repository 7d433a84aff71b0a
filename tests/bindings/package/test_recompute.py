"""Computing again: the same log gives the same values whatever the threads, and another does not."""

import shutil
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.reference.directory import StateDirectory
from gauger.package.chain import PackageError
from gauger.package.recompute import Again, recompute
from gauger.results.deciding import decide
from tests.bindings.package.packed import Packed


def copied(packed: Packed, folder: Path) -> Path:
    return Path(shutil.copytree(packed.package, folder / "package"))


def test_every_value_comes_out_again_with_another_number_of_threads(packed: Packed) -> None:
    before = sorted(str(path) for path in packed.state.rglob("*"))
    found = recompute(packed.package, Again([packed.log], packed.state, workers=1))
    assert (found.different, found.differences, found.notes) == (0, [], [])
    accounts = pq.read_table(packed.package / "tables" / "accounts.parquet")
    assert found.values > accounts.num_rows * accounts.num_columns
    assert sorted(str(path) for path in packed.state.rglob("*")) == before


def test_what_was_decided_since_counts_not(packed: Packed, tmp_path: Path) -> None:
    state = Path(shutil.copytree(packed.state, tmp_path / "state"))
    decide(packed.out, state, 1, "honest", "w", "a")
    found = recompute(packed.package, Again([packed.log], state))
    assert (found.different, found.notes) == (0, [])
    assert len(StateDirectory(state).decisions().entries) == 1


def test_one_changed_bit_is_named(packed: Packed, tmp_path: Path) -> None:
    folder = copied(packed, tmp_path)
    path = folder / "tables" / "accounts.parquet"
    table = pq.read_table(path)
    values = np.asarray(table["hour_entropy"], np.float64).copy()
    values[2] = np.nextafter(values[2], 2)
    at = table.schema.get_field_index("hour_entropy")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(values)), path)
    found = recompute(folder, Again([packed.log], packed.state))
    assert found.different == 1
    assert found.differences[0].startswith(f"accounts {table['account_id'][2]} hour_entropy: ")


def test_another_log(packed: Packed, tmp_path: Path) -> None:
    """Without the busiest account's last call."""
    calls = pq.read_table(packed.log)
    pq.write_table(calls.slice(0, calls.num_rows - 1), tmp_path / "log.parquet")
    found = recompute(packed.package, Again([tmp_path / "log.parquet"], packed.state))
    assert found.different > 0
    assert found.notes == ["the log is another: its files have other digests"]


def test_a_finding_that_is_not_found_again(packed: Packed, tmp_path: Path) -> None:
    calls = pq.read_table(packed.log)
    inside = set(pq.read_table(packed.package / "tables" / "accounts.parquet")["account_id"].to_pylist())
    kept = [name not in inside for name in calls["account_id"].to_pylist()]
    pq.write_table(calls.filter(pa.array(kept)), tmp_path / "log.parquet")
    found = recompute(packed.package, Again([tmp_path / "log.parquet"], packed.state))
    assert (found.different, found.differences) == (1, ["finding: 1 in the package, None computed"])


def test_another_key_and_no_state(packed: Packed, tmp_path: Path) -> None:
    folder = copied(packed, tmp_path)
    document = orjson.loads((folder / "package.json").read_bytes())
    (folder / "package.json").write_bytes(orjson.dumps({**document, "key_id": "0" * 16}))
    for state in (packed.state, None):
        with pytest.raises(InputError, match=r"the finding is of key 0{16}, .* give the --state it was scored with"):
            recompute(folder, Again([packed.log], state))
    (folder / "package.json").write_bytes(orjson.dumps({**document, "state": None}))
    with pytest.raises(InputError, match="without a state directory: leave --state out"):
        recompute(folder, Again([packed.log], packed.state))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("package.json", {"settings": {"calls_min": "many"}}),
        ("package.json", {"settings": None}),
        ("package.json", {"signatures": 5}),
        ("package.json", {"signatures": [5]}),
        ("package.json", []),
        ("finding.json", []),
    ],
)
def test_documents_that_are_none(packed: Packed, tmp_path: Path, name: str, change: dict | list) -> None:
    folder = copied(packed, tmp_path)
    document = orjson.loads((folder / name).read_bytes())
    if isinstance(change, dict) and isinstance(change.get("settings"), dict):
        change = {"settings": {**document["settings"], **change["settings"]}}
    (folder / name).write_bytes(orjson.dumps({**document, **change} if isinstance(change, dict) else change))
    with pytest.raises(PackageError):
        recompute(folder, Again([packed.log], packed.state))
