"""Storage: what is written is read back; what is damaged, foreign or half there is refused in one clear line."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gauger.engine.common.errors import StateError
from gauger.engine.state import storage
from gauger.engine.state.rows import Field
from gauger.engine.state.storage import pack, unpack
from tests.engine import calls

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
DTYPES = st.sampled_from([np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64])
KEY_ID = "00112233445566ff"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A folder with one table in it, and the manifest."""
    columns = {
        "name": pa.array(["a", "bb", "ccc"]),
        "count": np.array([1, 2, 2**62]),
        "rows": np.arange(6, dtype=np.uint8).reshape(3, 2),
    }
    storage.write_table(tmp_path, "table", columns)
    storage.write_manifest(tmp_path, KEY_ID, {"kind": "test", "words": 5})
    return tmp_path


def read(folder: Path) -> tuple:
    """Everything in the folder of ``table``."""
    manifest, found = storage.read_manifest(folder, KEY_ID), storage.read_table(folder, "table")
    names, counts = found.column("name").to_pylist(), unpack(found.column("count"), np.int64).tolist()
    return manifest, names, counts, unpack(found.column("rows"), np.uint8, (2,)).tolist()


def assert_one_line(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert str(error)
    assert error.__cause__ is None


@given(
    values=arrays.arrays(
        DTYPES, st.sampled_from([(0,), (3,), (0, 4), (3, 2), (2, 3, 2)]), elements={"allow_nan": False}
    )
)
@QUICK
def test_unpack_is_the_inverse_of_pack(values: np.ndarray) -> None:
    column = pack(values)
    result = unpack(pa.chunked_array([column]), values.dtype, values.shape[1:])
    assert (result.dtype, result.shape) == (values.dtype, values.shape)
    assert result.flags.writeable
    assert result.tobytes() == values.tobytes()


def test_plain_numbers_stay_plain_and_everything_else_is_fixed_size_binary() -> None:
    for dtype in (np.int32, np.int64, np.float64):
        assert pack(np.zeros(3, dtype)).type == pa.from_numpy_dtype(dtype)
    for dtype in (np.uint64, np.int8, np.float32):
        assert pack(np.zeros(3, dtype)).type == pa.binary(np.dtype(dtype).itemsize)
        assert pack(np.zeros((3, 5), dtype)).type == pa.binary(5 * np.dtype(dtype).itemsize)


def test_unpack_reads_slices_and_chunks() -> None:
    values = np.arange(20, dtype=np.uint32).reshape(10, 2)
    chunks = pa.chunked_array([pack(values).slice(1, 3), pack(values).slice(7)])
    assert unpack(chunks, np.uint32, (2,)).tolist() == values[[1, 2, 3, 7, 8, 9]].tolist()


@pytest.mark.parametrize(("dtype", "shape"), [(np.uint64, ()), (np.uint8, (3,)), (np.uint8, (5,))])
def test_a_column_of_another_width_is_refused(dtype: type, shape: tuple[int, ...]) -> None:
    with pytest.raises(StateError, match=r"made by another version$"):
        unpack(pa.chunked_array([pack(np.zeros((2, 4), np.uint8))]), dtype, shape)


@pytest.mark.parametrize(("length", "chunks"), [(0, 0), ((1 << 20) + 7, 2)])
def test_empty_tables_and_those_of_more_than_one_chunk_are_read_whole(tmp_path: Path, length: int, chunks: int) -> None:
    numbers, rows = np.arange(length), np.arange(2 * length).astype(np.uint8).reshape(length, 2)
    storage.write_table(tmp_path, "table", {"number": numbers, "rows": rows})
    storage.write_manifest(tmp_path, KEY_ID, {})
    found = storage.read_table(tmp_path, "table")
    assert found.column("number").num_chunks >= chunks
    np.testing.assert_array_equal(unpack(found.column("number"), np.int64), numbers)
    np.testing.assert_array_equal(unpack(found.column("rows"), np.uint8, (2,)), rows)


def test_a_folder_is_read_back(table: Path) -> None:
    manifest, names, counts, rows = read(table)
    digests = manifest.pop("files")
    assert digests == {"table.arrow": hashlib.sha256((table / "table.arrow").read_bytes()).hexdigest()}
    assert manifest == {"format": storage.FORMAT, "key_id": KEY_ID, "kind": "test", "words": 5, "tables": {"table": 1}}
    assert names == ["a", "bb", "ccc"]
    assert counts == [1, 2, 2**62]
    assert rows == [[0, 1], [2, 3], [4, 5]]


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        storage.write_table(tmp_path, name, {"count": np.arange(1000), "rows": np.ones((1000, 3), np.uint8)})
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()
    storage.write_manifest(tmp_path, KEY_ID, {"b": 1, "a": 2})
    before = (tmp_path / storage.MANIFEST).read_bytes()
    storage.write_manifest(tmp_path, KEY_ID, {"a": 2, "b": 1})
    assert (tmp_path / storage.MANIFEST).read_bytes() == before


def test_a_missing_table_is_refused(table: Path) -> None:
    (table / "table.arrow").unlink()
    with pytest.raises(StateError, match=r"table\.arrow: missing or damaged; remove .* and make it again$") as caught:
        storage.read_table(table, "table")
    assert str(caught.value).startswith(str(table))


@pytest.mark.parametrize("file", ["table.arrow", storage.MANIFEST])
def test_a_file_cut_anywhere_is_refused_and_a_flipped_bit_is_or_does_no_harm(table: Path, file: str) -> None:
    """Every byte, one bit each: bits that nothing reads (padding) may flip, no other."""
    content, expected = (table / file).read_bytes(), read(table)
    for place in range(len(content)):
        (table / file).write_bytes(content[:place])
        with pytest.raises(StateError) as caught:
            read(table)
        assert_one_line(caught.value)
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        (table / file).write_bytes(damaged)
        try:
            assert read(table) == expected, f"bit of byte {place}: read as something else"
        except StateError as error:
            assert_one_line(error)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"null", b'"text"', b"\xff", None])
def test_what_is_no_manifest_is_refused(table: Path, content: bytes | None) -> None:
    """Without one a folder did not happen."""
    (table / storage.MANIFEST).unlink()
    if content is not None:
        (table / storage.MANIFEST).write_bytes(content)
    with pytest.raises(StateError, match=None if content is not None else r"not a complete gauger state$") as caught:
        storage.read_manifest(table, KEY_ID)
    assert_one_line(caught.value)


@pytest.mark.parametrize("version", [storage.FORMAT + 1, 0, None, "1", 1.5])
def test_another_format_is_refused(table: Path, version: object) -> None:
    (table / storage.MANIFEST).write_bytes(orjson.dumps({"format": version, "key_id": KEY_ID}))
    with pytest.raises(StateError, match=f"state format {version}, this version reads {storage.FORMAT}$"):
        storage.read_manifest(table, KEY_ID)


@pytest.mark.parametrize(("stored", "known"), [(1, 1), (1, 2), (2, 2), (2, 1)])
def test_a_table_of_a_later_format_is_refused_by_name(
    table: Path, monkeypatch: pytest.MonkeyPatch, stored: int, known: int
) -> None:
    monkeypatch.setitem(storage.FORMATS, "test", {"table": stored})
    storage.write_manifest(table, KEY_ID, {"kind": "test", "words": 5})
    monkeypatch.setitem(storage.FORMATS, "test", {"table": known})
    if stored <= known:
        assert storage.read_table(table, "table").num_rows == 3
    else:
        with pytest.raises(StateError, match=r"table\.arrow: table format 2, this version reads up to 1"):
            storage.read_table(table, "table")


def test_a_missing_column_has_the_default_stated(table: Path) -> None:
    fields: dict[str, Field] = {"count": (np.int64, ()), "new": (np.float64, (2,))}
    found = storage.columns_of(storage.read_table(table, "table"), fields, {"new": np.nan})
    assert found["count"].tolist() == [1, 2, 2**62]
    assert found["new"].shape == (3, 2)
    assert np.isnan(found["new"]).all()
    with pytest.raises(StateError, match="no column new; it was made by another version"):
        storage.columns_of(storage.read_table(table, "table"), fields)


def test_damaged_files_are_named(table: Path) -> None:
    assert storage.damaged_files(table) == []
    (table / "table.arrow").write_bytes((table / "table.arrow").read_bytes() + b"x")
    assert storage.damaged_files(table) == ["table.arrow"]
    (table / "table.arrow").unlink()
    assert storage.damaged_files(table) == ["table.arrow"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"{", b'{"a":1}'])
def test_what_is_not_sealed_is_told_from_what_is(content: bytes) -> None:
    assert storage.unsealed(content) is None
    assert storage.unsealed(storage.sealed({"a": 1})) == {"a": 1}


def test_another_key_is_refused_by_name(table: Path) -> None:
    with pytest.raises(StateError, match=f"made with key {KEY_ID}, but the key here is ffff; use that key"):
        storage.read_manifest(table, "ffff")


def test_a_folder_is_replaced_whole_and_leavings_of_an_earlier_crash_do_not_matter(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    for text in ("first", "second"):
        folder = storage.new_folder(target)
        assert folder.parent == target.parent
        assert folder.name.startswith(".")
        assert list(folder.iterdir()) == []
        (folder / "file").write_text(text)
        storage.replace_folder(folder, target)
        assert (target / "file").read_text() == text
        assert [path.name for path in target.parent.rglob("*")] == ["target", "file"]
        for name in (".target.new", ".target.old"):
            (target.parent / name / "deep").mkdir(parents=True)
            (target.parent / name / "deep" / "rubbish").write_text("rubbish")


@pytest.mark.parametrize("survived", range(4))
def test_a_kill_at_any_rename_leaves_the_old_folder_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    target = tmp_path / "target"

    def replace(words: int) -> None:
        folder = storage.new_folder(target)
        storage.write_manifest(folder, KEY_ID, {"words": words})
        storage.replace_folder(folder, target)

    replace(1)
    with monkeypatch.context() as patched, suppress(calls.Killed):
        calls.kill_at_rename(patched, survived)
        replace(2)
    assert storage.read_manifest(target, KEY_ID)["words"] in (1, 2)
    replace(3)
    assert storage.read_manifest(target, KEY_ID)["words"] == 3
