"""A log format is two touches: a file with its ``FORMAT``, and a line in the registry."""

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner

from gauger.commands.main import main
from gauger.logs import readers
from gauger.logs.readers import registry
from tests.bindings import traffic

# The first touch: all that a reader of "account|time|prompt" lines is.
PIPES = '''"""Pipes: account, time and prompt between bars, a call a line."""

import numpy as np
import pyarrow as pa

from gauger.logs.readers.chunk import Chunk
from gauger.logs.readers.format import Format


def read(path, column_map, *, batch_rows, columns=None):
    """Chunks of the file."""
    rows = [line.split("|", 2) for line in path.read_text().splitlines()[1:]]
    for at in range(0, len(rows), batch_rows):
        names = zip(("account_id", "start_time", "prompt_text"), zip(*rows[at : at + batch_rows]))
        part = {name: pa.array(values) for name, values in names if columns is None or name in columns}
        yield Chunk(pa.record_batch(part), np.arange(at, min(at + batch_rows, len(rows))), [])


FORMAT = Format("pipes", (".pipes",), (b"#pipes",), read)
'''


def test_a_new_format_is_a_file_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pipes.py").write_text(PIPES)
    spec = importlib.util.spec_from_file_location("pipes", tmp_path / "pipes.py")
    assert spec is not None
    assert spec.loader is not None
    pipes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pipes)
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, pipes.FORMAT))  # the second
    rows = traffic.campaign(25, 4, 1)
    lines = [f"{row['account_id']}|{row['start_time'].isoformat()}|{row['prompt_text']}" for row in rows]
    (tmp_path / "logs").mkdir()
    named, told = tmp_path / "logs" / "day.pipes", tmp_path / "of no suffix"
    for path in (named, told):
        path.write_text("\n".join(["#pipes", *lines]))
    assert readers.discover([tmp_path / "logs"]) == [named]
    assert readers.format_of(named) is readers.format_of(told) is pipes.FORMAT
    out = tmp_path / "out"
    arguments = ["score", str(tmp_path / "logs"), "--out", str(out), "--state", str(tmp_path / "state")]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    traffic.check_accounts_of_rows(out)
    assert traffic.manifest(out)["scored"] == 100
    assert traffic.tables_of(out)["families"]["template"][0].as_py().startswith("Kindly compose an ENTIRE exam paper")


def test_suffixes_and_magic_belong_to_one_format_each() -> None:
    for told_by in ("suffixes", "magic"):
        signs = [sign for one in registry.FORMATS for sign in getattr(one, told_by)]
        assert len(signs) == len(set(signs))
