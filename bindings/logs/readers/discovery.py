"""Discovery: which files the user means, and which of a directory are left out, and why."""

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gauger.engine.common.errors import InputError
from gauger.engine.segments.spool import is_spool
from gauger.logs.readers import sniffing
from gauger.stores import tables
from gauger.stores.elsewhere import STANDARD_INPUT, standard_input
from gauger.stores.objects import Location
from gauger.stores.urls import LOCAL, local_path, scheme_of

_TEMPORARY = (".tmp", ".part", ".partial", ".crdownload", ".inprogress", ".swp", "~")
_HIDDEN = "hidden, temporary or a marker"
# What lies beside logs and holds no calls; told by name, so that only what looks like data is worth a warning.
_BESIDE = re.compile(
    r".*\.(crc|md5|sha1|sha256|sha512|sig|asc|md|rst|html?|css|js|py|sh|sql|ya?ml|toml|ini|cfg|conf|lock|pid|idx|index"
    r"|manifest|svg|png|jpe?g|gif|pdf)|.*manifest(\.json)?|readme.*|licen[cs]e.*|notice.*|changelog.*|makefile"
    r"|md5sums|sha\d+sums",
    re.IGNORECASE,
)
# Bedrock keeps bodies over 100 kB beside the records that point to them.
_BODY = re.compile(r".+_(input|output)\.json(\.gz)?")


@dataclass(frozen=True)
class LeftOut:
    """A file of a directory that is not read."""

    path: Path
    reason: str
    is_data: bool  # whether calls may be missing without it


@dataclass
class Found:
    """The files behind what the user gave, sorted, each once."""

    files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def complaints(self, shown: int = 10) -> list[str]:
        """A line for each file left out that may hold calls; past ``shown`` of them one line for all others."""
        missed = [one for one in self.left_out if one.is_data]
        lines = [f"{one.path}: left out, {one.reason}" for one in missed[:shown]]
        return [*lines, *([f"{len(missed) - shown:,} more files left out"] if len(missed) > shown else [])]


def discover(inputs: Sequence[str | Path]) -> list[Path]:
    """The files behind ``inputs``, as ``survey`` finds them."""
    return survey(inputs).files


def survey(inputs: Sequence[str | Path]) -> Found:
    """The files behind ``inputs`` (files, directories searched in depth, globs, URLs of stores, tables, ``-`` for
    standard input), and those left out.

    Of a directory or glob come files of known suffixes, and others whose content tells their format; never hidden or
    temporary ones. A file named outright is taken as it is. Raises ``InputError`` for an input that matches nothing,
    for a pipe or device, for a store that cannot be reached, and for a table's folder given as plain files.
    """
    taken: dict[Path, Path] = {}
    left: dict[Path, LeftOut] = {}
    for given in inputs:
        count = len(taken)
        paths = list(_meant(given))
        good = [path for path in paths if isinstance(path, Path)]
        for path in good:
            taken.setdefault(path.resolve(), path)
        for one in paths:
            if isinstance(one, LeftOut):
                left.setdefault(one.path.resolve(), one)
        if not good and len(taken) == count:
            known = ", ".join(sniffing.suffixes())
            left_out = Found(left_out=[one for one in paths if isinstance(one, LeftOut)]).complaints(3)
            raise InputError(f"{given}: no log files there; {'; '.join(left_out) or f'known suffixes are {known}'}")
    return Found(sorted(taken.values()), sorted((left[key] for key in left.keys() - taken.keys()), key=_path_of))


def _meant(given: str | Path) -> Iterator[Path | LeftOut]:
    """What a user means by an input, wherever it is."""
    if os.path.lexists(given):
        yield from _matches(Path(given), str(given))
    elif str(given) == STANDARD_INPUT:
        yield standard_input()
    elif tables.is_table(given):
        for file in tables.files_of(str(given)):
            yield from _meant(file)
    elif (scheme := scheme_of(given)) == LOCAL:
        path = local_path(given)
        yield from _matches(path, str(path))
    elif scheme is not None:
        yield from _of_store(Location.of(given))
    else:
        yield from _matches(Path(given), str(given))


def _of_store(place: Location) -> Iterator[Path | LeftOut]:
    """Objects of a store as those of a directory."""
    for file, below in place.files():
        tables.refuse_object(place.shown, below)
        if not below:
            yield file  # named outright
        elif any(map(_is_hidden, below)):
            yield LeftOut(file, _HIDDEN, is_data=False)
        elif (one := _judged(file)) is not None:
            yield one


def _path_of(one: LeftOut) -> Path:
    return one.path


def _matches(path: Path, pattern: str) -> Iterator[Path | LeftOut]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from _below(path)
    elif os.path.lexists(path):
        raise InputError(f"{pattern}: neither a file nor a directory (a pipe, a device, a dead link); give a file")
    elif glob.has_magic(pattern):
        for match in map(Path, glob.iglob(pattern, recursive=True)):
            if match.is_dir():
                yield from _below(match)
            elif not _is_hidden(match.name) and (one := _judged(match)) is not None:
                yield one
    elif path.exists():
        raise InputError(f"{pattern}: a pipe, a socket or a device; a log is read twice, so write it to a file first")
    else:
        raise InputError(f"{pattern}: no such file or directory")


def _below(directory: Path) -> Iterator[Path | LeftOut]:
    for parent, folders, names in os.walk(directory):
        tables.refuse_table(Path(parent), folders)
        folders[:] = [folder for folder in folders if not folder.startswith((".", "_"))]
        for name in names:
            if _is_hidden(name):
                yield LeftOut(Path(parent, name), _HIDDEN, is_data=False)
            elif (one := _judged(Path(parent, name))) is not None:
                yield one


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith(_TEMPORARY)


def _judged(path: Path) -> Path | LeftOut | None:
    """A file of a directory as it is taken or left out; None for what is no file."""
    try:
        status = path.stat()
    except OSError:
        return LeftOut(path, "a dead link", is_data=True)
    if not stat.S_ISREG(status.st_mode):
        return None
    if path.parent.name == "data" and _BODY.fullmatch(path.name):
        return LeftOut(path, "a body kept beside its record", is_data=False)
    if is_spool(path):
        return path
    if sniffing.suffix_of(path) in sniffing.suffixes():
        return LeftOut(path, "a manifest", is_data=False) if _BESIDE.fullmatch(path.name) else path
    if status.st_size == 0:
        return LeftOut(path, "empty", is_data=False)
    if _BESIDE.fullmatch(path.name):
        return LeftOut(path, "not a log by its name", is_data=False)
    try:
        sniffing.format_of(path)
    except InputError as error:
        return LeftOut(path, str(error).removeprefix(f"{path}: ").split(";")[0], is_data=True)
    return path
