"""Arrow IPC: large and dictionary batches are cut up, crafted offsets never reach a value."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.readers import chunk as chunks_module

CANONICAL = load_column_map(None)


def write(path: Path, batch: pa.RecordBatch) -> Path:
    with pa.ipc.new_file(path, batch.schema) as writer:
        writer.write_batch(batch)
    return path


def test_crafted_offsets_are_an_input_error(tmp_path: Path) -> None:
    offsets = pa.py_buffer(np.array([0, 1 << 30, 3], np.int32))
    wild = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"abc")])
    path = write(tmp_path / "a.arrow", pa.record_batch({"prompt_text": wild}))
    with pytest.raises(InputError, match="column prompt_text: broken Arrow data") as caught:
        list(readers.read(path, CANONICAL))
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_batches_are_cut_at_their_decoded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: pa.DataType
) -> None:
    monkeypatch.setattr(chunks_module, "BATCH_BYTES", 100_000)
    prompts = pa.array(["x" * 1000] * 1000)
    if pa.types.is_dictionary(kind):
        prompts = prompts.dictionary_encode()
    path = write(tmp_path / "a.arrow", pa.record_batch({"prompt_text": prompts}))
    chunks = list(readers.read(path, CANONICAL))
    assert all(chunk.batch.num_rows <= 100 for chunk in chunks)
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(1000))


def test_a_column_map_walks_lists_of_structs(tmp_path: Path) -> None:
    messages = [[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}], None]
    batch = pa.record_batch(
        {
            "startTime": pa.array([1_795_176_000.0, 1_795_176_001.0]),
            "metadata": [{"user_api_key_user_id": "u", "user_api_key_hash": "k"}, {"user_api_key_hash": "k"}],
            "messages": messages,
        }
    )
    [chunk] = readers.read(write(tmp_path / "a.feather", batch), load_column_map("litellm"))
    admitted = intake.admit(chunk.batch)
    [row] = admitted.calls.to_pylist()
    assert (row["account_id"], row["prompt_text"]) == ("u", "Why?")
    assert admitted.reasons == ["prompt is missing"]


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"ARROW1\0\0 and then nothing", b"\xff\xff\xff\xff"])
def test_what_is_no_arrow_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.arrow"
    path.write_bytes(content)
    with pytest.raises(InputError, match="Arrow file") as caught:
        list(readers.read(path, CANONICAL))
    assert str(caught.value).startswith(f"{path}: ")


def test_run_ends_of_more_rows_than_a_log_has_are_refused(tmp_path: Path) -> None:
    ends = pa.RunEndEncodedArray.from_arrays(pa.array([2**31 - 2], pa.int32()), pa.array(["hello"]))
    path = write(tmp_path / "a.arrow", pa.record_batch({"prompt_text": ends}))
    assert path.stat().st_size < 2_000
    with pytest.raises(InputError, match="more than 8 rows a byte"):
        list(readers.read(path, CANONICAL))


def test_feather_v1_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.feather"
    path.write_bytes(b"FEA1" + b"\0" * 40 + b"FEA1")
    with pytest.raises(InputError, match="Feather V1: write it again as Feather V2"):
        list(readers.read(path, CANONICAL))


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_buffers(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a"
    batch = pa.record_batch({"account_id": ["a", "b"]})
    with pa.ipc.new_stream(path, batch.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_batch(batch)
    [chunk] = readers.read(path, CANONICAL)
    assert chunk.batch.equals(batch)
