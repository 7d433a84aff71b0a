"""Files of named arrays: what was written is read, and what was cut is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import StateError
from gauger.engine.segments import arrays
from gauger.engine.segments.arrays import read_arrays, read_joined, shapes_of, text_arrays, text_column, write_arrays

ARRAYS = {
    "none": np.zeros(0, np.int64),
    "flat": np.arange(7, dtype=np.uint64) << np.uint64(58),
    "features": np.random.default_rng(1).integers(-2, 3, (90, 6)).astype(np.int8),
    "no rows": np.zeros((0, 5), np.float32),
    "turned": np.arange(12, dtype=np.int32).reshape(3, 4).T,  # not contiguous
}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape), name
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("squeeze", [[], ["features"], list(ARRAYS)])
@pytest.mark.parametrize("chunk", [16, 1 << 22])
def test_arrays_make_the_round_trip(
    squeeze: list[str], chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "CHUNK", chunk)
    write_arrays(tmp_path / "file", ARRAYS, squeeze)
    assert_same(read_arrays(tmp_path / "file"), ARRAYS)
    assert shapes_of(tmp_path / "file") == {name: values.shape for name, values in ARRAYS.items()}
    some = ["turned", "flat", "features"]
    assert_same(read_arrays(tmp_path / "file", some), {name: ARRAYS[name] for name in some})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("squeeze", [[], ["features", "turned"]])
def test_a_cut_file_is_refused_wherever_it_is_cut(squeeze: list[str], tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write_arrays(whole, ARRAYS, squeeze)
    given = whole.read_bytes()
    for size in range(len(given)):
        (tmp_path / "cut").write_bytes(given[:size])
        with pytest.raises(StateError, match="cut: missing or damaged; run again with --fresh"):
            read_arrays(tmp_path / "cut")


def test_a_missing_file_or_array_is_refused(tmp_path: Path) -> None:
    for ask in (read_arrays, shapes_of):
        with pytest.raises(StateError, match="missing or damaged"):
            ask(tmp_path / "nothing")
    write_arrays(tmp_path / "file", ARRAYS)
    with pytest.raises(StateError, match="missing or damaged"):
        read_arrays(tmp_path / "file", ["nowhere"])


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_arrays(tmp_path / "file", ARRAYS)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_arrays(tmp_path / "file", {"other": np.zeros(1)})
    assert_same(read_arrays(tmp_path / "file"), ARRAYS)


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=8))
def test_texts_make_the_round_trip(texts: list[str]) -> None:
    try:
        [text.encode() for text in texts]
    except UnicodeEncodeError:
        return
    found = text_arrays(texts)
    assert found["ends"].tolist() == np.cumsum([len(text.encode()) for text in texts]).tolist()
    assert text_column(found["ends"], found["bytes"]).to_pylist() == texts


def test_arrays_of_several_files_are_joined(tmp_path: Path) -> None:
    parts = [np.arange(size * 3, dtype=np.int16).reshape(size, 3) for size in (2, 0, 5)]
    paths = [tmp_path / str(number) for number in range(3)]
    for path, part in zip(paths, parts, strict=True):
        write_arrays(path, {"other": np.zeros(4), "rows": part}, ["rows"])
    found = read_joined(paths, "rows")
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, np.concatenate(parts))
    paths[2].unlink()
    with pytest.raises(StateError, match="missing or damaged"):
        read_joined(paths, "rows")
