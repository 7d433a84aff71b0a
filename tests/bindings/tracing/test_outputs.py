"""Outputs are read from whatever file they are in."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.tracing.outputs import Records, texts, token_ids

SAID = ["one two", "three\nfour", "fünf"]


def lines(path: Path, records: list[object]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize("field", ["text", "output", "completion", "response"])
def test_usual_names_are_known(tmp_path: Path, field: str) -> None:
    path = lines(tmp_path / "o.jsonl", [{"id": 1, field: text} for text in SAID] + [{"id": 2}])
    assert list(texts([path])) == SAID


def test_a_path_may_be_named(tmp_path: Path) -> None:
    records = [{"text": "no", "body": {"choices": [{"message": {"content": text}}]}} for text in SAID]
    path = lines(tmp_path / "o.jsonl", records)
    assert list(texts([path], "body.choices.0.message.content")) == SAID


def test_parquet_text_and_packed_files(tmp_path: Path) -> None:
    pq.write_table(pa.table({"output": pa.array(SAID).dictionary_encode()}), tmp_path / "o.parquet")
    (tmp_path / "o.txt").write_text("one two\n\n{not json}\nfünf\n")
    (tmp_path / "o.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": "packed"}).encode()))
    assert list(texts([tmp_path / "o.parquet"])) == SAID
    assert list(texts([tmp_path / "o.txt"])) == ["one two", "{not json}", "fünf"]
    assert list(texts([tmp_path / "o.jsonl.gz"])) == ["packed"]


def test_token_ids(tmp_path: Path) -> None:
    path = lines(tmp_path / "o.jsonl", [{"token_ids": [1, 2, 3]}, {"token_ids": []}, {}, {"token_ids": [7]}])
    other = lines(tmp_path / "p.jsonl", [{"token_ids": [9]}])
    values, offsets = token_ids([path, other, path])  # a file is read once
    assert values.tolist() == [1, 2, 3, 7, 9]
    assert offsets.tolist()[0] == 0
    assert np.diff(offsets).tolist() == [3, 0, 1, 1]


def test_what_is_not_examined_is_counted(tmp_path: Path) -> None:
    path = lines(tmp_path / "o.jsonl", [{"text": "one two"}, {"text": ""}, {"text": None}, {"id": 4}])
    with open(path, "a") as file:
        file.write('{"text": "cut of\n')
    records = Records()
    assert list(texts([path], records=records)) == ["one two"]
    assert records == Records(read=5, damaged=1, empty=3)
    assert str(records) == "Of 5 records 1 cannot be read and 3 hold no output: not examined."
    other, records = lines(tmp_path / "p.jsonl", [{"token_ids": [9]}, {"token_ids": None}, {}]), Records()
    assert token_ids([other], records=records)[0].tolist() == [9]
    assert records == Records(read=3, empty=2)
    whole = Records()
    assert list(texts([lines(tmp_path / "q.jsonl", [{"text": "all"}])], records=whole)) == ["all"]
    assert str(whole) == ""


def test_a_file_without_outputs_says_so(tmp_path: Path) -> None:
    path = lines(tmp_path / "o.jsonl", [{"prompt": "secret words"}])
    with pytest.raises(InputError, match=r"o.jsonl: no record has text or .*--field") as error:
        list(texts([path]))
    assert "secret" not in str(error.value)
    with pytest.raises(InputError, match="no record has token_ids"):
        token_ids([path])
    with pytest.raises(InputError):
        list(texts([tmp_path / "absent.jsonl"]))
