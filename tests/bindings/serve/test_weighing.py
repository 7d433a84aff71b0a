"""Weighing apart: many files, much that is said, and how it ends."""

import sys
import time
from pathlib import Path

import pytest

from gauger.serve import weighing
from gauger.serve.weighing import Weighed, Weighing
from tests.bindings.serve.spools import today


def started(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str, files: list[Path]) -> Weighing:
    """A weighing whose process runs a program in place of ``gauger score``."""
    fake = folder / "python"
    fake.write_text(f"#!{sys.executable}\n{program}")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
    return weighing.start(today(), files, folder, closes=False, options=[])


def ended(found: Weighing) -> Weighed:
    until = time.monotonic() + 60
    while (how := found.poll()) is None:
        assert time.monotonic() < until, "it stands still"
        time.sleep(0.02)
    return how


def test_what_a_run_says_cannot_hold_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a pipe holds; the last line is why it failed."""
    program = "import sys\nsys.stderr.write('a warning\\n' * 100_000 + 'gauger: no room\\n')\nsys.exit(1)"
    how = ended(started(tmp_path, monkeypatch, program, []))
    assert how.error == "no room"
    assert list(tmp_path.glob(".weighing*")) == []


def test_a_day_of_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a command line may hold (2 MiB here): they are named in a file."""
    files = [tmp_path / f"{number:060d}.segment" for number in range(50_000)]
    program = (
        "import sys\n"
        "listed = sys.argv[sys.argv.index('--files-from') + 1]\n"
        "sys.stderr.write(f'{len(open(listed).read().split())} files')\n"
        "sys.exit(1)"
    )
    assert ended(started(tmp_path, monkeypatch, program, files)).error == "50000 files"


def test_stopping_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = started(tmp_path, monkeypatch, "import time\ntime.sleep(600)", [])
    found.stop()
    assert found.process.returncode is not None
