"""Small files are read whole or refused at once: no pipe is waited for, no device is read on."""

import os
import socket
import tomllib
from pathlib import Path

import pytest

from gauger.engine.common.documents import NotAFileError, TooLargeError, parsed_toml, read_bounded


def test_a_file_is_read_whole_up_to_its_bound(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bounded(tmp_path / "file", 5) == b"12345"
    with pytest.raises(TooLargeError) as caught:
        read_bounded(tmp_path / "file", 4)
    assert caught.value.strerror == "larger than 4 bytes"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to a pipe"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "given"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    with pytest.raises(OSError) as caught:  # noqa: PT011 (a folder is refused by the system)
        read_bounded(path)
    assert isinstance(caught.value, (NotAFileError, IsADirectoryError))


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(OSError):  # noqa: PT011 (whatever the system says)
            read_bounded(tmp_path / "s")


def test_toml_is_parsed() -> None:
    assert parsed_toml(b"a = [1]") == {"a": [1]}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a = " + b"[" * 100_000 + b"]" * 100_000, "nested too deeply"), (b"a = " + b"1" * 5_000, "number is too long")],
)
def test_toml_that_no_parser_reads_is_no_toml(content: bytes, words: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match=words):
        parsed_toml(content)
