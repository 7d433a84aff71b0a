"""State directories as an earlier version left them: each part in the folder of its name, and no ``current``."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from gauger.engine.reference import kept_days
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.state.storage import FORMATS


def as_before(path: Path) -> Path:
    """The same directory, laid out as it was before there were commits."""
    for name, part in StateDirectory(path).kept().commit.parts.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / part.folder).rename(path / name)
    shutil.rmtree(path / "parts", ignore_errors=True)
    for name in ("current", "lock"):
        (path / name).unlink(missing_ok=True)
    return path


@contextmanager
def ids_in_clear(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Days are kept as they were before account ids were sealed: in tables of format 1."""
    with monkeypatch.context() as patch:
        patch.setattr(kept_days, "seal", lambda names, _: pa.array(names, pa.string()))
        patch.setitem(FORMATS, "day", dict.fromkeys(FORMATS["day"], 1))
        yield
