"""The file of responses: sketches of what a finding's accounts, and as many matched others, were answered.

Parquet, mode 0600: account (sealed), campaign (of the finding, or a control), sketch. It holds no text, and nothing is
kept of any other account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.engine.common import private
from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.common.sealing import seal
from gauger.engine.common.secret import Secret
from gauger.engine.intake import casting
from gauger.engine.tracing.responses import SKETCH_BYTES, Lead, compare, grams, matched, sketches
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.detection import detect
from gauger.logs.paths import Source
from gauger.logs.readers import discover, prepared, read
from gauger.results.run import read_run
from gauger.tracing import outputs

FORMAT = "gauger responses 1"
FIELDS = (
    "response_text",
    "response.choices.0.message.content",
    "response.body.choices.0.message.content",
    "response.output_text",
    "response.content.0.text",
    "response.content",
    "choices.0.message.content",
    "response",
    "completion",
    "output",
)
_SCHEMA = pa.schema([("account", pa.binary()), ("campaign", pa.bool_()), ("sketch", pa.binary(SKETCH_BYTES))])
_TEXTS = 4_096  # hashed at once


@dataclass(frozen=True)
class Kept:
    """What was written."""

    finding: int
    members: int  # accounts with responses
    controls: int
    responses: int
    bytes: int


def keep(
    out: Path,
    logs: Sequence[str | Path],
    finding: int,
    to: Path,
    secret: Secret,
    columns: str | None,
    field: str | None,
) -> Kept:
    """Sketch the responses of a finding and of its controls: accounts of the same run that are in none.

    out : of the run; logs : with the responses; columns : the column map; field : dotted path of the response's text
    Raises InputError where the run has no such finding, or no response of its accounts is found.
    """
    accounts = read_run(out).accounts.select(["account_id", "calls", "campaign_id", "flagged"])
    ours = pc.fill_null(pc.equal(accounts["campaign_id"], finding), False)
    members = accounts.filter(ours)
    if not len(members):
        raise InputError(f"{out}: has no finding {finding}")
    free = pc.and_(pc.is_null(accounts["campaign_id"]), pc.invert(pc.fill_null(accounts["flagged"], False)))
    wanted = dict.fromkeys(matched(members, accounts.filter(free)), False) | dict.fromkeys(
        members["account_id"].to_pylist(), True
    )
    sealed = dict(zip(wanted, seal(list(wanted), secret).to_pylist(), strict=True))
    tables = []
    for names, texts in _answers(logs, columns, field, wanted):
        found = sketches(secret.key, texts).view(np.uint8)
        cells = pa.FixedSizeBinaryArray.from_buffers(pa.binary(SKETCH_BYTES), len(texts), [None, pa.py_buffer(found)])
        arrays = [pa.array([sealed[name] for name in names]), pa.array([wanted[name] for name in names]), cells]
        tables.append(pa.Table.from_arrays(arrays, schema=_SCHEMA))
    table = pa.concat_tables(tables) if tables else _SCHEMA.empty_table()
    held = table.filter(table["campaign"])
    if not len(held):
        raise InputError(f"no response of finding {finding} is in the logs; say where its text is with --field")
    table = table.sort_by([("account", "ascending"), ("sketch", "ascending")])  # whatever order the log has
    about = {"format": FORMAT, "finding": finding, "key_id": secret.key_id}
    private.make_file(to)
    pq.write_table(table.replace_schema_metadata({"gauger": json.dumps(about)}), to)
    whose = [pc.count_distinct(one["account"]).as_py() for one in (held, table)]
    return Kept(finding, whose[0], whose[1] - whose[0], len(table), to.stat().st_size)


def _answers(
    logs: Sequence[str | Path], columns: str | None, field: str | None, wanted: dict[str, bool]
) -> Iterator[tuple[list[str], list[str]]]:
    """Accounts and texts of the responses to those wanted, some at a time."""
    files = discover(logs)
    column_map = load_column_map(columns or detect(files))
    places = tuple(map(Source, (field,) if field else FIELDS))
    # The text of an answer is read as that of a prompt is; the account, where the log's map says.
    chosen = {"account_id": column_map.columns["account_id"], "prompt_text": places}
    ours = prepared(replace(column_map, columns=chosen), files)
    for path in files:
        for table in _batches(path, ours):
            told = table.filter(pc.is_in(table["account_id"], pa.array(list(wanted), pa.string())))
            for start in range(0, len(told), _TEXTS):
                some = told.slice(start, _TEXTS)
                yield some["account_id"].to_pylist(), some["prompt_text"].to_pylist()


def _batches(path: Path, column_map: ColumnMap) -> Iterator[pa.Table]:
    names = ("account_id", "prompt_text")
    for chunk in read(path, column_map, columns=names):
        if all(name in chunk.batch.schema.names for name in names):
            arrays = [casting.cast(chunk.batch.column(name), CALL_SCHEMA.field(name).type).array for name in names]
            yield pa.table(arrays, names=list(names)).drop_null()


def lead(path: Path, inputs: Sequence[str | Path], secret: Secret, field: str | None = None) -> tuple[int, Lead]:
    """Hold a suspect's outputs against kept responses: the finding, and what is found.

    Raises InputError where the file is no file of responses, or of another key.
    """
    table, about = _read(path)
    if about.get("key_id") != secret.key_id:
        raise InputError(f"{path}: kept under another key ({about.get('key_id')}); give the --state it was kept with")
    hashes, number = [np.zeros(0, np.uint32)], 0
    for texts in _bundles(outputs.texts(inputs, field)):
        hashes.append(np.unique(grams(secret.key, texts)[0]))
        number += len(texts)
    said = np.unique(np.concatenate(hashes))
    cells = np.frombuffer(b"".join(table["sketch"].to_pylist()), "<u4").reshape(-1, SKETCH_BYTES // 4)
    campaign = np.asarray(table["campaign"].to_pylist(), bool)
    return int(about["finding"]), compare(cells, table["account"].to_pylist(), campaign, said, number)


def _read(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    try:
        table = pq.read_table(path, partitioning=None)
        about = json.loads((table.schema.metadata or {}).get(b"gauger", b"{}"))
    except (OSError, pa.ArrowException, ValueError):
        raise InputError(f"{path}: no file of responses that can be read") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT or not table.schema.equals(_SCHEMA):
        raise InputError(f"{path}: no file of responses; gauger responses writes one")
    return table, about


def _bundles(texts: Iterator[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for text in texts:
        held.append(text)
        if len(held) == _TEXTS:
            yield held
            held = []
    if held:
        yield held
