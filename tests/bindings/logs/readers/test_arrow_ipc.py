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
