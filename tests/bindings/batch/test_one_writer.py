"""A command is the one writer of its state from its first line to its last."""

from pathlib import Path

import pytest

from gauger.batch.one_writer import one_writer, place_of
from gauger.engine.common.errors import StateLockedError
from gauger.engine.reference.directory import StateDirectory


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
