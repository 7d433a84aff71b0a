"""Small files together: the same rows as one by one, in one batch; what is not small or sound is left to its reader."""

import gzip
from pathlib import Path

import orjson
import pytest

from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.readers import together
from gauger.logs.readers.together import SmallFiles

CANONICAL = load_column_map(None)


def call(number: int) -> bytes:
    return orjson.dumps({"start_time": 1_795_176_000 + number, "account_id": f"a{number}", "prompt_text": f"p{number}"})


def take(small: SmallFiles, number: int, path: Path, content: bytes) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return small.take(number, path, len(content))


def test_rows_of_several_files_come_in_one_batch(tmp_path: Path) -> None:
    small = SmallFiles(CANONICAL)
    assert small.is_empty()
    contents = [
        call(0),
        call(1) + b"\n{\n" + call(2),
        gzip.compress(b"[" + call(3) + b"," + call(4) + b"]"),
        b"[" + call(5),
    ]
    paths = [tmp_path / f"{number}.json" for number in range(4)]
    for number, (path, content) in enumerate(zip(paths, contents, strict=True)):
        assert take(small, 10 + number, path, content)
    assert not small.is_empty()
    found = small.give()
    assert (found.files.tolist(), found.rows.tolist()) == ([10, 11, 11, 12, 12, 13], [0, 0, 2, 0, 1, 0])
    assert found.broken == [(11, [(1, "line is not valid JSON")])]
    assert [number for number, _ in found.ended] == [10, 11, 12, 13]
    assert [error is None for _, error in found.ended] == [True, True, True, False]
    alone = [row for path in paths[:3] for chunk in readers.read(path, CANONICAL) for row in chunk.batch.to_pylist()]
    assert found.batch.to_pylist()[:5] == alone
    assert small.is_empty()


def test_folder_names_count_for_their_own_file(tmp_path: Path) -> None:
    small = SmallFiles(CANONICAL)
    for number, org in enumerate("ab"):
        assert take(small, number, tmp_path / f"org_id={org}" / "x.json", call(number))
    assert small.give().batch.column("org_id").to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"account_id\na\n"),
        ("a.json", b"INFO a text log\n"),
        ("a.json", b""),
        ("a.json", gzip.compress(call(0) * 99, mtime=0)[:40]),
        ("a.json", b" " * (together.SMALL_BYTES + 1) + call(0)),
        ("a.json", gzip.compress(call(0) + b" " * (1 << 20), mtime=0)),
    ],
    ids=["another format", "text", "empty", "damaged", "large", "large when unpacked"],
)
def test_what_is_not_small_sound_json_is_left_to_its_reader(tmp_path: Path, name: str, content: bytes) -> None:
    small = SmallFiles(CANONICAL)
    assert not take(small, 0, tmp_path / name, content)
    assert small.is_empty()


def test_a_batch_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_ROWS", 2)
    small = SmallFiles(CANONICAL)
    take(small, 0, tmp_path / "a", call(0))
    assert not small.is_full()
    take(small, 1, tmp_path / "b", call(1))
    assert small.is_full()
