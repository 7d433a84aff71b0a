"""ORC: the same rows as from other formats, numbered over stripes; damage is an input error."""

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.orc
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import apart, limits
from gauger.logs.readers.chunk import Chunk

CANONICAL = load_column_map(None)


def write(path: Path, rows: int) -> Path:
    table = pa.table({"ACCOUNT_ID": [f"a{row}" for row in range(rows)], "x": range(rows), "prompt_text": ["p"] * rows})
    pyarrow.orc.write_table(table, str(path), compression="zstd", stripe_size=1_000, batch_size=64)
    return path


def test_rows_are_numbered_over_stripes(tmp_path: Path) -> None:
    path = write(tmp_path / "of no suffix", 3_000)
    assert readers.format_of(path).name == "orc"
    chunks = list(readers.read(path, CANONICAL, batch_rows=100))
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(3_000))
    accounts = [account for chunk in chunks for account in chunk.batch.column("account_id").to_pylist()]
    assert accounts == [f"a{row}" for row in range(3_000)]
    assert readers.prompts_at(path, CANONICAL, np.array([7, 2_900])) == {7: "p", 2_900: "p"}


@pytest.mark.parametrize("content", [b"", b"ORC", b"ORC and then nothing"])
def test_what_is_no_orc_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.orc"
    path.write_bytes(content)
    with pytest.raises(InputError, match="ORC file") as caught:
        list(readers.read(path, CANONICAL))
    assert str(caught.value).startswith(f"{path}: ")


def test_a_crash_of_the_decoder_is_damage_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder, crash = Path(apart.__file__).read_text(), tmp_path / "decoder.py"
    crash.write_text("import os; os.abort()")
    path = write(tmp_path / "a.orc", 30_000)  # three stripes
    with monkeypatch.context() as patch:
        patch.setattr(apart, "__file__", str(crash))
        with pytest.raises(InputError, match="not a sound ORC file"):
            list(readers.read(path, CANONICAL))
    crashing = "def crashing():\n    import os\n    yield 0\n    os.abort()\n"
    crash.write_text(crashing + decoder.replace("range(file.nstripes)", "crashing()"))
    monkeypatch.setattr(apart, "__file__", str(crash))
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match="not a sound ORC file"):
        chunks.extend(readers.read(path, CANONICAL))
    assert chunks  # what came before the crash stands


def test_a_time_that_arrow_cannot_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.orc"
    pyarrow.orc.write_table(
        pa.table({"account_id": ["a"], "start_time": pa.array([2**53], pa.timestamp("s"))}), str(path)
    )
    with suppress(pa.ArrowInvalid):
        pyarrow.orc.read_table(path)
        pytest.skip("this version of Arrow reads it, as another time")
    with pytest.raises(InputError, match="outside of 1677 to 2262"):
        list(readers.read(path, CANONICAL))


def test_a_decoder_nobody_listens_to_is_gone(tmp_path: Path) -> None:
    chunks = readers.read(write(tmp_path / "a.orc", 3_000), CANONICAL, batch_rows=10)
    next(chunks)
    assert isinstance(chunks, Generator)
    chunks.close()
    assert not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()


def test_more_rows_than_a_log_of_that_size_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROWS_FREE", 10)
    monkeypatch.setattr(limits, "ROWS_PER_BYTE", 0)
    with pytest.raises(InputError, match="no log is that dense"):
        list(readers.read(write(tmp_path / "a.orc", 11), CANONICAL))
