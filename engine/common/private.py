"""Files and folders for their owner alone: what is kept of people and their calls is nobody else's to read."""

import os
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def make_folder(path: Path) -> None:
    """Make a folder, mode 0700; one that is there stays as it is, and those above it are made as usual.

    Raises OSError where that is not possible.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(FOLDER, exist_ok=True)


def close_file(path: Path) -> None:
    """Take a file from everybody else that was written by its name in a folder nobody else may enter."""
    path.chmod(FILE)


def close_folder(path: Path) -> None:
    """Take a folder from everybody else, where it is ours to do so: one that an earlier version left open."""
    try:
        path.chmod(FOLDER)
    except OSError:
        return  # another user's, or not there


def make_file(path: Path) -> None:
    """Make an empty file, mode 0600, for a writer that opens it by its name. Raises OSError as ``open`` does."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE)
    try:
        os.fchmod(descriptor, FILE)  # it may have been there
    finally:
        os.close(descriptor)


def opener(path: str, flags: int) -> int:
    """For ``open(..., opener=opener)``: what it makes has mode 0600."""
    return os.open(path, flags, FILE)


def write_file(path: Path, content: bytes) -> None:
    """Write a small file of mode 0600. Raises OSError as ``open`` does."""
    make_file(path)
    path.write_bytes(content)
