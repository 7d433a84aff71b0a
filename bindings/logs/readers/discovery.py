"""Discovery: which files the user means, and which format each has."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from gauger.engine.common.errors import InputError
from gauger.logs.readers import lines, registry
from gauger.logs.readers.format import Format

_COMPRESSED = (".gz", ".zst")
_TEMPORARY = (".tmp", ".part", ".partial", ".crdownload", "~")


def discover(inputs: Sequence[str | Path]) -> list[Path]:
    """The files behind ``inputs`` (files, directories searched in depth, globs), sorted, each once.

    A directory or glob gives only known suffixes, never hidden or temporary files; a file named outright is
    taken as it is. Raises ``InputError`` for an input that matches nothing.
    """
    found: dict[Path, Path] = {}
    for given in inputs:
        paths = list(_matches(Path(given), str(given)))
        if not paths:
            raise InputError(f"{given}: no log files there; known suffixes are {', '.join(_suffixes())}")
        for path in paths:
            found.setdefault(path.resolve(), path)
    return sorted(found.values())


def format_of(path: Path) -> Format:
    """The format of a file, by its suffix, else by its first bytes.

    Raises ``InputError`` when neither tells.
    """
    if known := _suffixes().get(_suffix(path)):
        return known
    try:
        with lines.open_stream(path) as stream:
            head = stream.read(64).removeprefix(lines.BYTE_ORDER_MARK).lstrip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or 'damaged compression'})") from None
    for found in registry.FORMATS:
        if head.startswith(found.magic):
            return found
    raise InputError(f"{path}: unknown format; give it one of the suffixes {', '.join(_suffixes())}")


def _suffixes() -> dict[str, Format]:
    return {suffix: found for found in registry.FORMATS for suffix in found.suffixes}


def _matches(path: Path, pattern: str) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from _below(path)
    elif glob.has_magic(pattern):
        for match in map(Path, glob.iglob(pattern, recursive=True)):
            if match.is_dir():
                yield from _below(match)
            elif _is_log(match):
                yield match
    elif path.exists():
        raise InputError(f"{pattern}: a pipe, a socket or a device; a log is read twice, so write it to a file first")
    else:
        raise InputError(f"{pattern}: no such file or directory")


def _below(directory: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(directory):
        folders[:] = [folder for folder in folders if not folder.startswith((".", "_"))]
        yield from (Path(parent, name) for name in names if _is_log(Path(parent, name)))


def _is_log(path: Path) -> bool:
    name = path.name
    hidden = name.startswith((".", "_")) or name.endswith(_TEMPORARY)
    return not hidden and _suffix(path) in _suffixes() and path.is_file()


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
