"""State directories as an earlier version left them: each part in the folder of its name, and no ``current``."""

import shutil
from pathlib import Path

from gauger.engine.reference.directory import StateDirectory


def as_before(path: Path) -> Path:
    """The same directory, laid out as it was before there were commits."""
    for name, part in StateDirectory(path).kept().commit.parts.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / part.folder).rename(path / name)
    shutil.rmtree(path / "parts", ignore_errors=True)
    for name in ("current", "lock"):
        (path / name).unlink(missing_ok=True)
    return path
