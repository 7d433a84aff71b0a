"""Outputs appear whole or not at all, the manifest last; and a command is the one writer of its state throughout."""

from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.batch import calls, outputs
from gauger.batch.calls import _groups, _spans
from gauger.batch.one_writer import one_writer, place_of
from gauger.batch.score import score
from gauger.engine.common.errors import GaugerError, StateLockedError
from gauger.engine.reference.directory import StateDirectory
from tests.bindings import traffic


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_written_atomically_appears_whole(tmp_path: Path) -> None:
    with outputs.atomic(tmp_path / "table") as temporary:
        temporary.write_text("new")
        assert names(tmp_path) == [".table.partial"]
    assert names(tmp_path) == ["table"]
    assert (tmp_path / "table").read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("old")

    def fail_half_way() -> None:
        with outputs.atomic(tmp_path / "table") as temporary:
            temporary.write_text("new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert names(tmp_path) == ["table"]
    assert (tmp_path / "table").read_text() == "old"


def test_tables_round_trip(tmp_path: Path) -> None:
    table = pa.table({"number": [1, 2, 3]})
    outputs.write_table(tmp_path / "table.parquet", table)
    assert pq.read_table(tmp_path / "table.parquet").equals(table)
    assert names(tmp_path) == ["table.parquet"]


def test_manifests_round_trip(tmp_path: Path) -> None:
    outputs.write_manifest(tmp_path, {"rows": 3, "name": "día"})
    assert outputs.read_manifest(tmp_path) == {"rows": 3, "name": "día"}
    assert names(tmp_path) == ["manifest.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff"])
def test_without_a_manifest_a_run_did_not_happen(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / outputs.MANIFEST).write_bytes(content)
    with pytest.raises(GaugerError, match="run: gauger score"):
        outputs.read_manifest(tmp_path)


def test_beginning_makes_the_folder(tmp_path: Path) -> None:
    outputs.begin(tmp_path / "some" / "where")
    assert (tmp_path / "some" / "where" / "calls").is_dir()


def test_making_the_folder_leaves_the_earlier_run(tmp_path: Path) -> None:
    for _ in range(2):
        outputs.make(tmp_path / "out")
        (tmp_path / "out" / "manifest.json").write_text("{}")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"calls", "manifest.json"}


def test_beginning_forgets_the_earlier_run_and_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    for name in (
        "manifest.json",
        "features.parquet",
        ".accounts.parquet.partial",
        "calls/00000.parquet",
        "calls/.00001.parquet.partial",
    ):
        (tmp_path / name).write_text("old")
    (tmp_path / "notes.txt").write_text("not ours")
    outputs.begin(tmp_path)
    assert names(tmp_path) == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GaugerError, match=r"file/out: cannot write here .*; choose another --out"):
        outputs.begin(tmp_path / "file" / "out")


def test_the_manifest_goes_first_and_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 5, 1)), tmp_path / "log.parquet")
    out = tmp_path / "out"
    score([log], out, state=tmp_path / "state")
    written = []
    atomic = outputs.atomic

    def watch(path: Path) -> AbstractContextManager[Path]:
        written.append(path.name)
        assert not (out / outputs.MANIFEST).exists()
        return atomic(path)

    monkeypatch.setattr(outputs, "atomic", watch)
    score([log], out, state=tmp_path / "state")
    assert written == ["00000.parquet", *outputs.TABLES, outputs.MANIFEST]
    assert (out / outputs.MANIFEST).exists()


@one_writer
def command(place: Path, *, state: Path | StateDirectory | None = None, number: int = 0) -> tuple[Path, bool, int]:
    """Whether somebody else could write meanwhile."""
    if state is None:
        return place, True, number
    assert isinstance(state, StateDirectory)
    try:
        with StateDirectory(state.path).writing():
            return place, True, number
    except StateLockedError:
        with state.writing():  # it can itself
            return place, False, number


@pytest.mark.parametrize("opened", [False, True])
def test_nobody_else_writes_while_it_runs(tmp_path: Path, opened: bool) -> None:
    state = StateDirectory(tmp_path / "state") if opened else tmp_path / "state"
    assert command(tmp_path, state=state, number=3) == (tmp_path, False, 3)
    with StateDirectory(tmp_path / "state").writing(), pytest.raises(StateLockedError):
        command(tmp_path, state=tmp_path / "state")


def test_without_a_state_it_just_runs(tmp_path: Path) -> None:
    assert command(tmp_path) == (tmp_path, True, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_place_of_a_state(tmp_path: Path) -> None:
    assert place_of(None) is None
    assert place_of(tmp_path) == place_of(StateDirectory(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    ("rows", "spans"),
    [
        ([], []),
        ([500], [(0, 1)]),
        ([1, 2, 0, 500, 3, 4], [(0, 3), (3, 4), (4, 6)]),
        ([99, 99, 99], [(0, 1), (1, 2), (2, 3)]),
        ([0, 0, 0], [(0, 3)]),
    ],
)
def test_small_neighbours_are_written_together(
    rows: list[int], spans: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_GROUP_ROWS", 150)
    assert _spans(rows) == spans


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ([], []),
        ([0], [(0, 1)]),
        ([5, 5, 1], [(0, 2), (2, 3)]),
        ([99, 1, 1], [(0, 1), (1, 3)]),
        ([0, 0, 11, 0, 10], [(0, 3), (3, 5)]),
    ],
)
def test_neighbouring_files_share_memory(
    rows: list[int], groups: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_ROWS_MAX", 10)
    assert _groups(rows) == groups
