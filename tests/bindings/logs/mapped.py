"""Logs read by maps written in a test."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission
from gauger.logs import readers
from gauger.logs.columns import load_column_map

BASE = '\nstart_time = "ts"\naccount_id = "who"\nprompt_text = "q"\n'
START = 1_795_000_000


def call(number: int = 0, **more: Any) -> dict[str, Any]:
    """A record with the names of ``BASE``."""
    return {"ts": START + number, "who": f"a-{number}", "q": f"Why {number}?", **more}


def written(folder: Path, text: str, *records: dict[str, Any], name: str = "log.jsonl") -> tuple[Path, Path]:
    """A map and a log of JSON lines in ``folder``."""
    column_map, log = folder / "map.toml", folder / name
    column_map.write_text(text)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return column_map, log


def outcome(column_map: Path | str, *logs: Path) -> list[Any]:
    """What becomes of each row of some logs, in order: a call without its nulls, or the reason it is none."""
    mapped = readers.prepared(load_column_map(str(column_map)), logs)
    found: list[Any] = []
    for log in logs:
        rows: dict[int, dict[str, Any] | str] = {}
        for chunk in readers.read(log, mapped, batch_rows=3):
            rows.update(chunk.broken)
            if not len(chunk.rows):
                continue
            try:
                admitted = admission.admit(chunk.batch)
            except InputError as error:
                rows.update(dict.fromkeys(chunk.rows.tolist(), str(error).split(";")[0]))
                continue
            calls = admitted.calls.to_pylist()
            rows.update(zip(chunk.rows[admitted.rows].tolist(), map(_plain, calls), strict=True))
            rows.update(zip(chunk.rows[admitted.rejected].tolist(), admitted.reasons, strict=True))
        assert sorted(rows) == np.arange(len(rows)).tolist()
        found += [rows[number] for number in sorted(rows)]
    return found


def mapped(folder: Path, text: str, *records: dict[str, Any], name: str = "log.jsonl") -> list[Any]:
    """What becomes of records read by a map."""
    return outcome(*written(folder, text, *records, name=name))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
