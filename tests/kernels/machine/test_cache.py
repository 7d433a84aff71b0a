"""The cache of compiled kernels: whatever happens to its files, a kernel computes what it should and nothing raises."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numba.core.serialize import dumps

from gauger.kernels.machine import cache
from gauger.kernels.machine.cache import VERSIONS_MAX, Directory, KernelCache
from gauger.kernels.machine.floor import sum_bytes
from gauger.kernels.machine.jit import Kernel

VALUES = np.arange(10, dtype=np.uint8)
PAYLOAD = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for caches."""
    monkeypatch.setenv("GAUGER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass(frozen=True)
class Start:
    """What a fresh kernel did with the cache."""

    compiled: bool
    problem: str | None
    files: list[Path]


def start() -> Start:
    """As a new process would: a kernel that knows nothing of the last, used once."""
    directory = Directory()
    kernel = Kernel(sum_bytes.__wrapped__, sum_bytes.signature)
    kernel.dispatcher._cache = KernelCache(sum_bytes.__wrapped__, directory)
    compiled = kernel.compile()
    assert kernel(VALUES) == 45
    path = Path(directory.path or "/nowhere")
    return Start(compiled, directory.problem, sorted(path.iterdir()) if path.is_dir() else [])


def only_file() -> Path:
    """The file of a cache that was just filled."""
    first = start()
    assert (first.compiled, first.problem, len(first.files)) == (True, None, 1)
    return first.files[0]


def written(key: bytes = b"key") -> tuple[Directory, Path]:
    """A directory with one file of PAYLOAD."""
    directory = Directory()
    directory.write("one.kernel", key, PAYLOAD)
    assert directory.problem is None
    return directory, Path(directory.path or "") / "one.kernel"


def foreign(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it look as if another user had written it."""
    if os.geteuid() == 0:
        os.chown(path, 54_321, 54_321)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54_321)


def test_the_second_start_compiles_nothing_and_writes_nothing() -> None:
    file = only_file()
    before = file.stat()
    second = start()
    assert (second.compiled, second.problem, second.files) == (False, None, [file])
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nobody_else_may_read_or_write(root: Path) -> None:
    file = only_file()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in (file.parent, root)] == [0o700, 0o700]


def test_what_is_not_whole_is_not_there() -> None:
    directory, file = written()
    content = file.read_bytes()
    assert directory.read("one.kernel", b"key") == PAYLOAD
    assert directory.read("one.kernel", b"another key") is None
    assert directory.read("another.kernel", b"key") is None
    for length in [*range(80), 127, 128, 4095, 4096, len(content) - 1]:
        file.write_bytes(content[:length])
        assert directory.read("one.kernel", b"key") is None, length
    for added in (b"\0", b"x" * 5000):
        file.write_bytes(content + added)
        assert directory.read("one.kernel", b"key") is None
    for bit in range(0, 8 * len(content), 331):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        assert directory.read("one.kernel", b"key") is None, bit
    assert directory.problem is None
    directory.write("one.kernel", b"key", PAYLOAD)
    assert directory.read("one.kernel", b"key") == PAYLOAD


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: os.urandom(len(content)),
        lambda content: content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
    ],
    ids=["empty", "cut in half", "garbage", "one bit"],
)
def test_a_damaged_file_is_compiled_again_and_replaced(damage: Callable[[bytes], bytes]) -> None:
    file = only_file()
    content = file.read_bytes()
    file.write_bytes(damage(content))
    again = start()
    assert (again.compiled, again.problem, again.files) == (True, None, [file])
    assert not start().compiled


def test_a_whole_file_that_numba_cannot_load_is_replaced() -> None:
    """Sealed by us, and still nothing Numba knows: another miss, not an error."""
    file = only_file()
    directory = Directory()
    key = None

    class Spy(Directory):
        def read(self, name: str, given: bytes) -> bytes | None:
            nonlocal key
            key = given
            return super().read(name, given)

    kernel = Kernel(sum_bytes.__wrapped__, sum_bytes.signature)
    kernel.dispatcher._cache = KernelCache(sum_bytes.__wrapped__, Spy())
    assert not kernel.compile()
    assert key is not None
    for payload in (b"no pickle", dumps(("too", "few"))):
        directory.write(file.name, key, payload)
        assert start().compiled
        assert not start().compiled


@pytest.mark.parametrize("how", ["a folder", "a link", "a pipe", "huge", "of another user", "writable"])
def test_only_plain_files_of_ours_are_opened(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, file = written()
    if how == "of another user":
        foreign(file, monkeypatch)
    elif how == "writable":
        file.chmod(0o666)
    elif how == "huge":
        os.truncate(file, 1 << 40)
    else:
        file.rename(tmp_path / "elsewhere")
        make = {"a folder": file.mkdir, "a link": lambda: file.symlink_to(tmp_path / "elsewhere")}
        make.get(how, lambda: os.mkfifo(file))()
    assert directory.read("one.kernel", b"key") is None


class Trap:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        """What an attacker would put there."""
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("how", ["private", "of another user", "group may write", "all may write", "a link"])
def test_what_others_may_have_written_is_never_executed(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = only_file()
    sprung, folder = tmp_path / "sprung", file.parent
    monkeypatch.setattr(Directory, "read", lambda self, name, key: self._attempt(lambda: trapped(self, name, key)))
    real = Directory._read

    def trapped(self: Directory, name: str, key: bytes) -> bytes | None:
        """The directory as an attacker who knows the format would leave it."""
        content = cache._SEAL + cache._digest(key, dumps(Trap(sprung))) + dumps(Trap(sprung))
        file.write_bytes(content)
        return real(self, name, key)

    if how == "of another user":
        foreign(folder, monkeypatch)
    elif how == "a link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.chmod({"private": 0o700, "group may write": 0o770, "all may write": 0o777}[how])
    found = start()
    assert found.compiled
    assert sprung.exists() == (how == "private"), "the trap works, and only where nobody else could have set it"
    if how != "private":
        assert found.problem
    assert not list(folder.glob("*.unfinished"))


@pytest.mark.parametrize("how", ["a file in the way", "a file above", "no such device", "no home", "no sources"])
def test_without_a_place_to_write_kernels_are_compiled_in_memory(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    if how == "a file in the way":
        folder = Path(Directory().path or "")
        folder.parent.mkdir()
        folder.write_bytes(b"")
    elif how == "no home":
        monkeypatch.delenv("GAUGER_CACHE_DIR")
        monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    elif how == "no sources":
        monkeypatch.setattr(cache, "_SOURCES", str(tmp_path / "archive.zip" / "kernels"))
    else:
        monkeypatch.setenv("GAUGER_CACHE_DIR", {"a file above": str(tmp_path / "file")}.get(how, "/proc/nothing/here"))
    for _ in range(2):
        found = start()
        assert (found.compiled, found.files) == (True, [])
        assert found.problem


def test_a_directory_that_cannot_be_written_is_still_read() -> None:
    file = only_file()
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    file.parent.chmod(0o500)
    assert not start().compiled
    file.write_bytes(b"damaged")
    found = start()
    assert found.compiled
    assert found.problem


def test_a_full_disk_leaves_nothing_behind() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        found = start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (found.compiled, found.files) == (True, [])
    assert found.problem
    assert start().problem is None


def test_home_directories_and_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = Path(Directory().path or "").name
    assert Directory().path == str(tmp_path / "cache" / name)
    monkeypatch.setenv("GAUGER_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Directory().path == str(tmp_path / "xdg" / "gauger" / name)
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Directory().path == str(tmp_path / "home" / ".cache" / "gauger" / name)


def test_another_processor_has_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that share a home directory never load each other's code."""
    file = only_file()
    kind = type(sum_bytes.dispatcher.targetctx.codegen())
    triple, name, features = sum_bytes.dispatcher.targetctx.codegen().magic_tuple()
    assert all((triple, name, features))
    for other in ((triple, name + "x", features), (triple, name, features + ",+x"), ("x" + triple, name, features)):
        monkeypatch.setattr(kind, "magic_tuple", lambda self, other=other: other)
        assert start().compiled
        assert not start().compiled
    monkeypatch.undo()
    assert len(list(file.parent.iterdir())) == 4


def test_numbas_switches_do_not_share_code(monkeypatch: pytest.MonkeyPatch) -> None:
    only_file()
    monkeypatch.setattr(cache.config, "BOUNDSCHECK", 1)
    assert start().compiled
    monkeypatch.undo()


def test_old_versions_go_and_what_is_not_ours_stays(root: Path) -> None:
    for age in range(12):
        folder = root / f"kernels-{age:016x}"
        folder.mkdir(parents=True)
        (folder / "a.kernel").write_bytes(b"")
        if age == 11:
            (folder / "somebody's").write_bytes(b"")
        os.utime(folder, (1e9 - age, 1e9 - age))
    (root / "other").mkdir()
    (root / f"kernels-{'f' * 16}").symlink_to(root / "other")
    kept = only_file().parent
    left = {path.name for path in root.iterdir() if path.is_dir() and not path.is_symlink()} - {"other", kept.name}
    assert left - {f"kernels-{11:016x}"} == {f"kernels-{age:016x}" for age in range(VERSIONS_MAX - 2)}
    assert (root / f"kernels-{11:016x}" / "somebody's").exists()
    assert (root / "other").exists()


def test_what_killed_writers_left_is_swept() -> None:
    directory, file = written()
    old, new = file.with_name("a.1.unfinished"), file.with_name("b.2.unfinished")
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (1e9, 1e9))
    directory.write("two.kernel", b"key", PAYLOAD)
    assert (old.exists(), new.exists()) == (False, True)


def copied(tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    room = tmp_path / "copy" / "gauger"
    shutil.copytree(cache._SOURCES, room / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    (room / "__init__.py").write_text("")
    return room / "kernels"


def ran(script: str, folder: Path) -> subprocess.Popen[str]:
    """A script in a process of its own, importing gauger from ``folder``."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", script], env=environment, cwd=folder, text=True, stdout=subprocess.PIPE
    )


SHINGLE = """
import numpy as np
from gauger.kernels.machine import cache
from gauger.kernels.text import shingles
print(cache.__file__)
print(shingles.shingle_rows(np.array([[1, 2, 3]], np.uint64), np.arange(100, 132, dtype=np.uint64)))
print(*shingles.shingle_each.dispatcher.stats.cache_hits.values(), cache.DIRECTORY.problem)
"""


def test_an_edit_of_a_callee_in_another_file_is_seen(tmp_path: Path) -> None:
    """Numba's own cache would go on with the old constant."""
    kernels = copied(tmp_path)

    def result() -> list[str]:
        printed = ran(SHINGLE, kernels.parents[1]).communicate()[0].splitlines()
        assert printed[0] == str(kernels / "machine" / "cache.py")
        return printed[1:]

    first = result()
    assert result() == [first[0], "1 None"]
    edited = kernels / "machine" / "keys.py"
    edited.write_text(edited.read_text().replace("SHINGLE = 8", "SHINGLE = 12"))
    second = result()
    assert second[0] != first[0]
    assert second[1] == "None"


def test_an_edit_while_running_is_not_stored_under_the_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_SOURCES", str(copied(tmp_path)))
    directory, _ = written()
    (Path(cache._SOURCES) / "machine" / "keys.py").write_text("edited")
    assert directory.read("one.kernel", b"key") is None
    directory.write("two.kernel", b"key", PAYLOAD)
    assert "changed" in (directory.problem or "")
    assert Directory().path != directory.path


def test_many_processes_may_start_at_once(tmp_path: Path, root: Path) -> None:
    kernels = copied(tmp_path)
    running = [ran(SHINGLE, kernels.parents[1]) for _ in range(3)]
    printed = [process.communicate()[0].splitlines() for process in running]
    assert [process.returncode for process in running] == [0] * 3
    assert len({lines[1] for lines in printed}) == 1
    assert all(lines[2].endswith("None") for lines in printed)
    (folder,) = root.iterdir()
    (file,) = folder.iterdir()
    assert file.suffix == ".kernel"
    assert ran(SHINGLE, kernels.parents[1]).communicate()[0].splitlines()[1:] == [printed[0][1], "1 None"]
