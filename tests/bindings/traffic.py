"""Small logs in words of their own making, in every format, and what a run made of them."""

import datetime as dt
import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.common.settings import Settings
from gauger.engine.results import tables

DAY = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
TABLES = ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "quarantine")
FORMATS = (".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv")
# An alarm level and a reference that a few hundred accounts can support.
SETTINGS = Settings(reference_accounts_min=100, alarm_level=0.02)
COLUMNS = (
    "start_time",
    "account_id",
    "client_address",
    "prompt_text",
    "request_model",
    "request_temperature",
    "request_stream",
    "usage_output_tokens",
)
SCHEMA = pa.schema([CALL_SCHEMA.field(name) for name in COLUMNS])
_SYLLABLES = "ba do fe gi ku la me no pi ru sa te vo wi xa zu".split()
_WORDS = [first + second + third for first in _SYLLABLES for second in _SYLLABLES for third in _SYLLABLES[:3]]


def sentence(rng: np.random.Generator, words: Iterable[str], length: int) -> str:
    """``length`` of the words, in any order, repeats allowed."""
    return " ".join(rng.choice(list(words), length))


def _row(
    rng: np.random.Generator, start: dt.datetime, second: int, account: str, place: int, prompt: str
) -> dict[str, Any]:
    return {
        "start_time": start + dt.timedelta(seconds=second, microseconds=int(rng.integers(1_000_000))),
        "account_id": account,
        "client_address": f"10.{place // 250}.{place % 250}.7",
        "prompt_text": prompt,
        "request_model": "model-a",
        "request_temperature": float(rng.integers(0, 5)) / 4,
        "request_stream": bool(rng.integers(2)),
        "usage_output_tokens": int(rng.integers(10, 900)),
    }


def honest(accounts: int, calls: int, seed: int, start: dt.datetime = DAY, name: str = "user") -> list[dict[str, Any]]:
    """Accounts with a topic (40 words) and a habit of writing each; ``calls`` calls apiece over the day."""
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(accounts):
        topic = rng.choice(_WORDS, 40)
        ending = str(rng.choice([".", "?", "!", "", " ..."]))
        for second in np.sort(rng.integers(0, 86_400, calls)).tolist():
            prompt = sentence(rng, topic, int(rng.integers(8, 30))) + ending
            rows.append(_row(rng, start, second, f"{name}-{seed}-{account:04d}", account, prompt))
    return rows


FRAME = "Kindly compose an ENTIRE exam paper; number every question; show each step: "


def campaign(
    accounts: int, calls: int, seed: int, start: dt.datetime = DAY, frame: str = FRAME, name: str = "mule"
) -> list[dict[str, Any]]:
    """Accounts that take turns with one template, evenly through the day, from a pool of addresses."""
    rng = np.random.default_rng(seed)
    pool = np.random.default_rng(seed + 1).integers(0, 240, accounts * calls)  # two accounts meet on a few
    total = accounts * calls
    rows = []
    for turn in range(total):
        prompt = frame + "; ".join(sentence(rng, _WORDS, 3) for _ in range(4))
        account = f"{name}-{turn % accounts:03d}"
        rows.append(_row(rng, start, turn * 86_400 // total, account, 5_000 + int(pool[turn]), prompt))
    return rows


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema = SCHEMA) -> pa.Table:
    """Rows in order of time, as a canonical table."""
    return pa.Table.from_pylist(sorted(rows, key=lambda row: row["start_time"]), schema=schema)


def _json_lines(calls: pa.Table) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in calls.to_pylist())


def write(calls: pa.Table, path: Path, rows: int = 700) -> Path:
    """Write a table in the format of the suffix, ``rows`` at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(calls, path, row_group_size=rows)
    elif path.suffix in (".arrow", ".ipc"):
        opened = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
        with opened(path, calls.schema) as file:
            file.write_table(calls.unify_dictionaries(), max_chunksize=rows)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(calls, path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(_json_lines(calls)))
    elif path.suffix == ".zst":
        path.write_bytes(pa.compress(_json_lines(calls), codec="zstd", asbytes=True))
    else:
        path.write_bytes(_json_lines(calls))
    return path


# What a run wrote


def manifest(out: Path) -> dict[str, Any]:
    """The manifest of a run."""
    document: dict[str, Any] = orjson.loads((out / "manifest.json").read_bytes())
    return document


def tables_of(out: Path) -> dict[str, pa.Table]:
    """Every table of a run, the parts of ``calls`` as one."""
    parts = [pq.read_table(path) for path in sorted((out / "calls").glob("*.parquet"))]
    found = {name: pq.read_table(out / f"{name}.parquet") for name in TABLES}
    return found | {"calls": pa.concat_tables(parts)}


def parquet_bytes(out: Path) -> dict[str, bytes]:
    """Every Parquet file below ``out``, by name."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.parquet"))}


def check_accounts_of_rows(out: Path) -> None:
    """Rows = scored + quarantined for every file, in the manifest and in the tables, no row twice or missing."""
    document, found = manifest(out), tables_of(out)
    for number, item in enumerate(document["inputs"]):
        scored = found["calls"].filter(pc.equal(found["calls"]["file"], number))
        refused = found["quarantine"].filter(pc.equal(found["quarantine"]["file"], number))
        assert item["scored"] == scored.num_rows
        assert item["quarantined"] == refused.num_rows
        rows = scored["row"].to_pylist() + refused["row"].to_pylist()
        assert sorted(rows) == list(range(item["rows"])), item["path"]
    for count in ("rows", "scored", "quarantined"):
        assert document[count] == sum(item[count] for item in document["inputs"])
    assert all(found["quarantine"]["reason"].to_pylist())


def check_schemas(out: Path) -> None:
    """Every table has the columns and types of ``engine.tables``; statistics are float64 between head and tail."""
    found = tables_of(out)
    for name in ("calls", "families", "campaigns", "quarantine"):
        assert found[name].schema.equals(getattr(tables, name.upper())), name
    schema = found["accounts"].schema
    head, tail = tables.ACCOUNTS_HEAD, tables.ACCOUNTS_TAIL
    middle = list(schema)[len(head) : len(schema) - len(tail)]
    assert list(schema)[: len(head)] == list(head)
    assert list(schema)[len(schema) - len(tail) :] == list(tail)
    assert len(middle) > 10
    assert {field.type for field in middle} == {pa.float64()}


def everything_written(folder: Path) -> bytes:
    """Every byte below ``folder``, and what compressed tables hold once they are read."""
    pieces = []
    for path in sorted(folder.rglob("*")):
        pieces.append(os.fsencode(path.name))
        if not path.is_file():
            continue
        pieces.append(path.read_bytes())
        if path.suffix == ".parquet":
            pieces.append(repr(pq.read_table(path).to_pylist()).encode())
        if path.suffix == ".arrow":
            columns = pa.ipc.open_file(path.read_bytes()).read_all().combine_chunks().columns
            pieces += [buffer.to_pybytes() for column in columns for buffer in _buffers(column)]
    return b"\n".join(pieces)


def _buffers(column: pa.ChunkedArray) -> list[pa.Buffer]:
    return [buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer is not None]


# Running it as a user does


def environment(folder: Path) -> dict[str, str]:
    """An environment in which nothing outside ``folder`` keeps a key."""
    return {**os.environ, "XDG_STATE_HOME": str(folder / "xdg")}


def gauger(
    folder: Path, *arguments: Any, prepare: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """``python -m gauger ARGUMENTS`` as a process of its own."""
    command = [sys.executable, "-m", "gauger", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(folder), preexec_fn=prepare, timeout=120
    )
