"""Child: a process that reads or scores mutants, one order after another, and says a line of JSON for each.

It may crash or hang at any time: ``watch`` sees to that.
"""

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.robustness import oracle
from bench.robustness.formats import FORMATS, Format, is_whole, mutant
from bench.robustness.records import MARK
from gauger.batch import outputs
from gauger.batch.score import score
from gauger.boundary import place_of
from gauger.engine.common import memory
from gauger.engine.common.errors import GaugerError, InputError, KernelInputError
from gauger.engine.intake import admission
from gauger.engine.intake.parts import NOT_A_CALL
from gauger.engine.plan.local import Local
from gauger.kernels.warm import warmup
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.readers import read
from gauger.logs.readers.chunk import Chunk

_ADDRESSES_MAX = 12 * memory.GIB  # protects the machine; what a file may take is measured
_column_map = cache(load_column_map)


def _read(order: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """What becomes of each mutant in the readers and in intake."""
    kind = FORMATS[order["format"]]
    for number in range(*order["numbers"]):
        data = mutant(order["format"], order["seed"], number)
        path = folder / f"{number:06d}{kind.suffix}"
        path.write_bytes(data)
        _forget_peak()
        began = time.process_time()
        found = _rows(kind, path, _column_map(kind.columns))
        took = {"cpu": time.process_time() - began, "peak": _peak()}
        found["troubles"] += _unaccounted(kind, data, found)
        if is_whole(order["format"], order["seed"], number) and "not a sound" in (found["error"] or ""):
            found["troubles"].append("a whole file is called damaged")
        found.pop("lines")
        yield {"number": number, **found, **took, "bytes": len(data)}
        path.unlink()


def _rows(kind: Format, path: Path, column_map: ColumnMap) -> dict[str, Any]:
    """Rows read, scored, refused and left out of a file, its error, and what should not have happened."""
    numbers: list[int] = []
    found: dict[str, Any] = {"scored": 0, "refused": 0, "left_out": 0, "lines": 0, "error": None, "troubles": []}
    reasons: set[str] = set()
    try:
        for chunk in read(path, column_map):
            numbers += chunk.rows.tolist() + [row for row, _ in chunk.broken]
            if kind.holds == "csv":
                found["lines"] += _lines(chunk, path, found)
            reasons.update(_admitted(chunk, found))
    except InputError as error:
        found["error"] = str(error).removeprefix(f"{path}: ")
        if not str(error).startswith(str(path)):
            found["troubles"].append("an error that does not begin with the file's path")
    except Exception as error:
        found["troubles"].append(f"{type(error).__name__} in {place_of(error)}")
    if sorted(numbers) != list(range(len(numbers))):
        found["troubles"].append("rows are not numbered from 0, each once")
    if any(MARK in said for said in (*reasons, found["error"] or "")):
        found["troubles"].append("a reason or an error quotes a prompt")
    return {**found, "rows": len(numbers)}


def _admitted(chunk: Chunk, found: dict[str, Any]) -> set[str]:
    """Count the rows of a chunk as intake judges them; the reasons of those refused."""
    reasons = [reason for _, reason in chunk.broken]
    if chunk.batch.num_rows:
        try:
            admitted = admission.admit(chunk.batch)
            reasons += admitted.reasons
            found["scored"] += admitted.calls.num_rows
            admitted.calls.validate(full=True)
        except (InputError, KernelInputError) as error:
            reasons += [str(error)] * chunk.batch.num_rows
    left_out = sum(reason.startswith(NOT_A_CALL) for reason in reasons)
    found["left_out"] += left_out
    found["refused"] += len(reasons) - left_out
    return set(reasons)


def _lines(chunk: Chunk, path: Path, found: dict[str, Any]) -> int:
    """The physical lines of a chunk of CSV; none can be told where a column is not read."""
    header = path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n")[0]
    names = chunk.batch.schema.names
    if chunk.batch.num_rows and (names == [""] or len(names) != 1 + max(map(header.count, b",;\t|"))):
        found["unknown_lines"] = True
    cells = sum(_line_ends(column) for column in chunk.batch.columns)
    return chunk.batch.num_rows + len(chunk.broken) + cells


def _line_ends(column: Any) -> int:
    values = column.to_pylist() if str(column.type) == "binary" else []
    return sum(value.count(b"\n") for value in values if value)


def _unaccounted(kind: Format, data: bytes, found: dict[str, Any]) -> list[str]:
    """What the account of a file lacks, by the oracle."""
    if found["rows"] != found["scored"] + found["refused"] + found["left_out"]:
        return ["rows that are neither scored nor refused nor left out"]
    if found["error"] is not None or found["troubles"]:
        return []
    held, rows = oracle.held(kind, data), found["rows"]
    if held.is_damaged and not found["refused"]:
        return ["damage in silence"]
    if rows < (held.least or 0) or rows > (rows if held.most is None else held.most):
        return [f"{rows} rows, where the oracle counts {held.least} to {held.most}"]
    lines = oracle.csv_lines(data) if kind.holds == "csv" and not found.pop("unknown_lines", False) else None
    if lines is not None and not lines[0] <= found["lines"] <= lines[1]:
        return [f"{found['lines']} lines, where the oracle counts {lines[0]} to {lines[1]}"]
    return []


def _score(order: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """What becomes of a folder of mutants in ``gauger score``."""
    logs, out, work = folder / "logs", folder / "out", folder / "work"
    for place in (logs, out, work):
        shutil.rmtree(place, ignore_errors=True)
    logs.mkdir(parents=True)
    columns = FORMATS[order["mutants"][0][0]].columns
    for name, number in order["mutants"]:
        (logs / f"{name}-{number:06d}{FORMATS[name].suffix}").write_bytes(mutant(name, order["seed"], number))
    _forget_peak()
    began, troubles, inputs = time.process_time(), [], []
    try:
        local = Local(memory=3 * memory.GIB // 2, work=work, workers=1)
        manifest = score([logs], out, columns=columns, local=local).manifest
        inputs = manifest["inputs"]
        quarantine = pq.read_table(out / "quarantine.parquet")
        tables = [pq.read_table(out / name) for name in (outputs.CALLS, *outputs.TABLES)]
        if MARK.encode() in (out / outputs.MANIFEST).read_bytes():
            troubles.append("the manifest quotes a prompt")
        if any(MARK in reason for reason in quarantine.column("reason").to_pylist()):
            troubles.append("the quarantine quotes a prompt")
        if tables[0].num_rows != manifest["scored"] or quarantine.num_rows != manifest["quarantined"]:
            troubles.append("tables hold other numbers of rows than the manifest")
        if len(inputs) != len(order["mutants"]):
            troubles.append(f"{len(order['mutants']) - len(inputs)} files are not in the manifest")
    except GaugerError as error:
        if len(order["mutants"]) > 1:
            troubles.append(f"no result at all: {error}")
    except Exception as error:
        troubles.append(f"{type(error).__name__} in {place_of(error)}")
    rows = {Path(one["path"]).name.split(".")[0]: [one["rows"], one["error"] is not None] for one in inputs}
    yield {"troubles": troubles, "files": rows, "cpu": time.process_time() - began, "peak": _peak()}


def _forget_peak() -> None:
    """Let the kernel count the peak of resident memory anew."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The peak of resident memory in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) << 10


def main() -> None:
    """Carry out orders from standard input: a line of JSON each."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES_MAX, _ADDRESSES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    warmup()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        for found in _score(order, folder) if "mutants" in order else _read(order, folder):
            print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
