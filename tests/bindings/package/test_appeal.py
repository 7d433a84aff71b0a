"""Appeals: why, how sure, how it fits in, and what remains without it."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import gauger
from gauger.engine.common.errors import GaugerError
from gauger.package.appeal import appeal, unlike_the_others
from tests.bindings.package.packed import Packed


def of_finding(packed: Packed) -> list[str]:
    accounts = gauger.read_run(packed.out).accounts
    return accounts.filter(pc.equal(accounts["campaign_id"], 1))["account_id"].to_pylist()


def test_an_account_of_a_finding(packed: Packed) -> None:
    name, *others = of_finding(packed)
    text, told = appeal(packed.out, name)
    assert text.startswith(f"Account {name}\n")
    for heading in ("How sure", "How it fits in", "What would be honest", "The finding without it"):
        assert f"\n{heading}\n" in text
    assert told["without"]["accounts"] == len(others)
    assert told["without"]["stands"]
    run = gauger.read_run(packed.out)
    calls = dict(zip(*(run.accounts[column].to_pylist() for column in ("account_id", "calls")), strict=True))
    assert told["without"]["calls"] == sum(calls[other] for other in others)


def test_it_is_said_in_what_it_is_unlike_the_others(packed: Packed) -> None:
    run, names = gauger.read_run(packed.out), of_finding(packed)
    (row,) = run.accounts.filter(pc.equal(run.accounts["account_id"], names[0])).to_pylist()
    row["hour_entropy"] = 9.0
    first, *_ = [one for one in unlike_the_others(run, row) if one["statistic"] == "hour_entropy"]
    assert first["high"] < first["value"] == 9.0
    typical = {**row, **dict.fromkeys(run.statistics)}
    assert unlike_the_others(run, typical) == []


def test_a_small_finding_falls_without_one_account(packed: Packed, tmp_path: Path) -> None:
    run, names = gauger.read_run(packed.out), of_finding(packed)
    out = Path(shutil.copytree(packed.out, tmp_path / "out"))
    numbers = [1 if name in names[:5] else None for name in run.accounts["account_id"].to_pylist()]
    at = run.accounts.schema.get_field_index("campaign_id")
    pq.write_table(run.accounts.set_column(at, "campaign_id", pa.array(numbers, pa.int64())), out / "accounts.parquet")
    text, told = appeal(out, names[0])
    assert not told["without"]["stands"]
    assert "it would not be raised" in text


def test_an_account_of_no_finding(packed: Packed) -> None:
    run, names = gauger.read_run(packed.out), of_finding(packed)
    name = next(one for one in run.accounts["account_id"].to_pylist() if one not in names)
    text, told = appeal(packed.out, name)
    assert "this run gives no reason to act on it" in text
    assert told == {"account_id": name, "flagged": False, "finding": None}
    with pytest.raises(GaugerError, match="nobody"):
        appeal(packed.out, "nobody")
