"""Writing a run's output directory: every file under a temporary name first, flushed, renamed; the manifest last.

A run without a manifest did not happen: the old one goes before the first file is replaced.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from gauger.engine.common.errors import GaugerError
from gauger.engine.results.columns import described

MANIFEST = "manifest.json"
CALLS = "calls"
TABLES = tuple(
    f"{name}.parquet" for name in ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "quarantine")
)
FEATURES = "features.parquet"  # where it is asked for
TEMPORARY = ".partial"


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yields a temporary path; on success it is flushed to disk and renamed to ``path``, on failure removed."""
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GaugerError(f"{out}: cannot write here ({error.strerror}); choose another --out") from None


def make(out: Path) -> None:
    """Make the output directory; what is there stays. Raises GaugerError when that is not possible."""
    with _writing(out):
        (out / CALLS).mkdir(parents=True, exist_ok=True)


def begin(out: Path) -> None:
    """Make the output directory and forget an earlier run in it. Raises GaugerError when that is not possible."""
    make(out)
    with _writing(out):
        for name in (MANIFEST, FEATURES):
            (out / name).unlink(missing_ok=True)
        for old in [
            *(out / CALLS).glob("*.parquet"),
            *out.glob(f".*{TEMPORARY}"),
            *(out / CALLS).glob(f".*{TEMPORARY}"),
        ]:
            old.unlink()


def write_result(path: Path, table: pa.Table) -> None:
    """Write a table of results atomically; its columns say what they are (``described``)."""
    write_table(path, table.cast(described(path.stem, table.schema)))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file atomically."""
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_manifest(out: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest: the run happened."""
    with atomic(out / MANIFEST) as temporary:
        temporary.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    # The renames themselves must survive a power cut.
    descriptor = os.open(out, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest of a finished run. Raises GaugerError when there is none, or none that can be read."""
    path = out / MANIFEST
    again = f"run: gauger score INPUT --out {out}"
    try:
        document = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise GaugerError(f"{out} holds no finished run (no {MANIFEST}); {again}") from None
    except (OSError, orjson.JSONDecodeError) as error:
        raise GaugerError(f"{path} cannot be read ({type(error).__name__}); score again, {again}") from None
    if not isinstance(document, dict):
        raise GaugerError(f"{path} is not a manifest; score again, {again}")
    return document
