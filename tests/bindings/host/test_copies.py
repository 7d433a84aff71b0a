"""Copies of published verdicts: made anew where they are damaged, done without where there is no room."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from gauger.host.copies import own_copy, own_folder
from tests.bindings.host.recording import SECRET
from tests.bindings.host.test_verdicts import put


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    put(tmp_path / "v")
    return tmp_path / "v"


def copies() -> list[Path]:
    return list(own_folder().glob("verdicts-*"))


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: content[:-1] + b"x", lambda _: b""])
def test_a_damaged_copy_is_made_anew(published: Path, damage: Any) -> None:
    own_copy(published, SECRET)
    (copy,) = copies()
    whole = copy.read_bytes()
    copy.write_bytes(damage(whole))
    assert own_copy(published, SECRET).account("member") is not None
    assert copies() == [copy]
    assert copy.read_bytes() == whole


def test_a_full_disk_leaves_nothing_behind_and_costs_no_answer(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(given: Any, written: Any, size: int) -> None:
        written.write(given.read(100))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    assert own_copy(published, SECRET).account("member") is not None
    assert copies() == []
