"""What a package holds: the finding, its accounts with every statistic and rank, its families and calls, its origin.

package.json         the run it comes from: code, settings, key id, digests of inputs and reference days
finding.json         its row of campaigns.parquet
tables/*.parquet     accounts, ranks, families, calls: the rows of the finding
accounts/00001.txt   a sheet for the owner of each account, in the order of tables/accounts.parquet
README.txt           how to check it
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.engine.common.errors import InputError
from gauger.package import chain
from gauger.package.sheets import sheet
from gauger.results.run import Run, read_run

TABLES = ("accounts", "ranks", "families", "calls")
_OF_THE_RUN = (
    "gauger", "code", "key_id", "settings", "state", "signatures", "column_map", "allow", "decisions", "rows", "scored",
    "quarantined", "left_out", "columns", "accounts", "flagged_accounts", "families", "findings", "window", "reference",
    "missing_evidence", "drift", "alarm_level", "alarm_level_asked", "false_positive_rate", "warnings", "versions",
)  # fmt: skip
_OF_AN_INPUT = ("bytes", "sha256", "rows", "scored", "quarantined", "error")
_README = """Finding {number} of a run of gauger {version}: {accounts} accounts, {calls} calls.

package.json says what it was made from, finding.json what was found, tables/ has every number behind it, and accounts/
a sheet for the owner of each account. chain.json has the digest of each file, each linked to the one before it.

To check that nothing was changed:        gauger verify FOLDER --public-key KEY
To compute each number again:             gauger verify FOLDER --log LOG --state STATE
docs/guide/evidence.md says what this proves, and how to check it without gauger.

There is no prompt in it. The tables name accounts: give it to nobody who may not see them.
"""


def pack(out: Path, finding: int, to: Path, key: Path | None) -> int:
    """Write the package of a finding of a run into a folder, and return how many files it has.

    key : PEM file of an Ed25519 private key; None leaves the package unsigned
    Raises GaugerError where the run has no such finding, or the folder holds something already.
    """
    files = contents(read_run(out), finding)
    chain.write(to, files, key)
    return len(files)


def contents(run: Run, finding: int) -> dict[str, bytes]:
    """The files of a finding's package by their paths. Raises InputError where the run has no such finding."""
    found = rows_of(run, finding)
    row = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], finding)).to_pylist()[0]
    told = {
        "number": finding,
        "version": run.manifest.get("gauger"),
        "accounts": row["accounts"],
        "calls": row["calls"],
    }
    sheets = {
        f"accounts/{number:05d}.txt": sheet(account, found["ranks"], run).encode()
        for number, account in enumerate(found["accounts"].to_pylist(), 1)
    }
    return {
        "package.json": _json(origin(run, finding)),
        "finding.json": _json(row),
        **{f"tables/{name}.parquet": _parquet(table) for name, table in found.items()},
        **sheets,
        "README.txt": _README.format(**told).encode(),
    }


def rows_of(run: Run, finding: int) -> dict[str, pa.Table]:
    """The rows of each table that are the finding's, in an order of their own."""
    row = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], finding)).to_pylist()
    if not row:
        there = ", ".join(map(str, run.campaigns["campaign_id"].to_pylist())) or "none"
        raise InputError(f"{run.folder}: no finding {finding}; there are: {there}")
    calls = run.calls().to_table(filter=pc.field("campaign_id") == finding)
    used = pc.drop_null(pc.unique(calls["family_id"]))
    return {
        "accounts": run.accounts.filter(pc.equal(run.accounts["campaign_id"], finding)).sort_by("account_id"),
        "ranks": run.ranks.filter(pc.equal(run.ranks["campaign_id"], finding)).sort_by(
            [("account_id", "ascending"), ("statistic", "ascending")]
        ),
        "families": run.families.filter(pc.is_in(run.families["family_id"], used)).sort_by("family_id"),
        "calls": calls.sort_by([("file", "ascending"), ("row", "ascending"), ("account_id", "ascending")]),
    }


def origin(run: Run, finding: int) -> dict[str, Any]:
    """What a run was made from, without the paths of its machine."""
    manifest = run.manifest
    inputs = [
        {"name": Path(str(one["path"])).name, **{name: one.get(name) for name in _OF_AN_INPUT}}
        for one in manifest.get("inputs", [])
    ]
    return {"finding": finding, "inputs": inputs, **{name: manifest.get(name) for name in _OF_THE_RUN}}


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()
