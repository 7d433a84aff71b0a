"""The chain: no byte can be changed, nothing added or left out, and the signature is one key's."""

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from cryptography.exceptions import InvalidSignature

from gauger.engine.common.errors import InputError
from gauger.package.chain import CHAIN, SIGNATURE, PackageError, check, write
from tests.bindings.package.packed import Packed, keys

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "evidence.md"
FILES = {"b.txt": b"second", "a/one.txt": b"first", "z.json": b"{}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key, _ = keys(tmp_path)
    write(tmp_path / "p", FILES, key)
    return tmp_path / "p"


def test_what_was_written_is_whole_and_its_owners_alone(folder: Path) -> None:
    assert len(check(folder, folder.parent / "key.pub")) == 16
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert (folder / "a").stat().st_mode & 0o777 == 0o700


def test_it_can_be_checked_without_gauger(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of the guide."""
    monkeypatch.chdir(folder.rename(folder.parent / "finding-1").parent)
    (lines,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    exec(compile(lines, str(GUIDE), "exec"), {})
    (folder.parent / "finding-1" / "b.txt").write_bytes(b"other")
    with pytest.raises(InvalidSignature):
        exec(compile(lines, str(GUIDE), "exec"), {})


def test_any_changed_byte_is_found(folder: Path) -> None:
    """Every byte of a small package, each in three ways."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for place in range(len(content)):
            for change in (1, 32, 128):
                path.write_bytes(content[:place] + bytes([content[place] ^ change]) + content[place + 1 :])
                with pytest.raises(PackageError):
                    check(folder, None)
        path.write_bytes(content)
    check(folder, None)


def test_any_changed_byte_of_a_real_package_is_found(packed: Packed, tmp_path: Path) -> None:
    chance = random.Random(1)
    folder = Path(shutil.copytree(packed.package, tmp_path / "p"))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    for _ in range(60):
        (path,) = chance.choices(files, sizes)
        content = bytearray(path.read_bytes())
        place = chance.randrange(len(content))
        content[place] ^= chance.randrange(1, 256)
        before = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(PackageError):
            check(folder, packed.public)
        path.write_bytes(before)
    check(folder, packed.public)


def rechained(folder: Path, change: Callable[[list[dict]], list[dict]]) -> None:
    document = orjson.loads((folder / CHAIN).read_bytes())
    document["files"] = change(document["files"])
    (folder / CHAIN).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def test_files_that_come_go_or_are_no_files(folder: Path) -> None:
    (folder / "more.txt").write_bytes(b"")
    with pytest.raises(PackageError, match=r"more\.txt: is not in the chain"):
        check(folder, None)
    (folder / "more.txt").unlink()
    (folder / "b.txt").rename(folder.parent / "b.txt")
    with pytest.raises(PackageError, match=r"b\.txt: is missing"):
        check(folder, None)
    (folder / "b.txt").symlink_to(folder.parent / "b.txt")
    with pytest.raises(PackageError, match=r"b\.txt: is no file"):
        check(folder, None)
    (folder / "b.txt").unlink()
    os.mkfifo(folder / "b.txt")
    with pytest.raises(PackageError, match=r"b\.txt: is no file"):
        check(folder, None)


@pytest.mark.parametrize("path", ["../b.txt", "/etc/passwd", "a/../b.txt", "./b.txt", ""])
def test_a_chain_that_leaves_the_folder(folder: Path, path: str) -> None:
    rechained(folder, lambda files: sorted([*files, {**files[0], "path": path}], key=lambda one: one["path"]))
    with pytest.raises(PackageError, match="names a file that no package has"):
        check(folder, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files[::-1],
        lambda files: [*files, files[-1]],
        lambda files: [{**files[0], "bytes": True}, *files[1:]],
        lambda files: [{**files[0], "more": 1}, *files[1:]],
        lambda files: [[], *files[1:]],
        lambda files: None,
    ],
)
def test_a_chain_that_is_none(folder: Path, change: Callable) -> None:
    rechained(folder, change)
    with pytest.raises(PackageError, match=CHAIN):
        check(folder, None)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 9, "files": []}', b"[" * 100_000])
def test_documents_that_are_none(folder: Path, content: bytes) -> None:
    for name in (CHAIN, SIGNATURE):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        with pytest.raises(PackageError, match=name):
            check(folder, None)
        (folder / name).write_bytes(before)
    with pytest.raises(PackageError, match=r"chain\.json: is missing; .* is no package"):
        check(folder.parent / "none", None)


def test_whose_signature_it_must_be(folder: Path, tmp_path: Path) -> None:
    other, public = keys(tmp_path, "other")
    with pytest.raises(PackageError, match=r"signed by key \w{16}, not by that of"):
        check(folder, public)
    write(tmp_path / "theirs", FILES, other)
    shutil.copy(tmp_path / "theirs" / SIGNATURE, folder / SIGNATURE)
    assert check(folder, public)  # the same files, signed by the other
    (folder / SIGNATURE).unlink()
    assert check(folder, None) == ""
    with pytest.raises(PackageError, match="is not signed"):
        check(folder, public)


def test_a_signature_of_other_files(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", {**FILES, "c": b""}, tmp_path / "key.pem")
    shutil.copy(tmp_path / "more" / SIGNATURE, folder / SIGNATURE)
    with pytest.raises(PackageError, match="the signature is not of this package"):
        check(folder, None)


def test_keys_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no key")
    with pytest.raises(InputError, match="no Ed25519 private key"):
        write(tmp_path / "p", FILES, tmp_path / "text")
    with pytest.raises(InputError, match="cannot be read"):
        write(tmp_path / "p", FILES, tmp_path / "none")
    assert not (tmp_path / "p").exists()
    key, _ = keys(tmp_path)
    write(tmp_path / "p", FILES, key)
    with pytest.raises(InputError, match="no Ed25519 public key"):
        check(tmp_path / "p", tmp_path / "text")
    with pytest.raises(InputError, match="is not empty"):
        write(tmp_path / "p", FILES, key)
