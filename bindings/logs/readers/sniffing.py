"""Sniffing: the format of a file, by its content first and its name second."""

import csv
import re
from pathlib import Path

from gauger.engine.common.errors import InputError
from gauger.logs.files import documents, foreign, streams
from gauger.logs.readers import registry
from gauger.logs.readers.format import Format

COMPRESSED = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz", ".lz4", ".sz", ".snappy")
_HEAD_BYTES = 64 << 10
_COLUMN = re.compile(r"[A-Za-z_][\w.\-]*")
_SEPARATORS = ",;\t|"
_ROTATED = re.compile(r"\.(\d+|\d{4}-?\d\d-?\d\d\S*)")


def format_of(path: Path) -> Format:
    """The format of a file.

    Raises ``InputError`` when it is one that gauger does not read, or when neither content nor name tell.
    """
    named = suffixes().get(suffix_of(path))
    try:
        head = streams.head_of(path, _HEAD_BYTES)
    except OSError as error:
        if named is not None:
            return named  # its reader says what is wrong, and what can be read all the same
        raise InputError(f"{path}: cannot be read ({error.strerror or 'damaged compression'})") from None
    foreign.refuse(path, head)
    bare = head.lstrip()
    if named is not None and named.is_text and b"\0" not in head[:64]:
        return named
    for found in registry.FORMATS:
        if bare.startswith(found.magic) and (not found.is_text or _is_json(head)):
            return found
    if named is not None:
        return named
    if not head:
        raise InputError(f"{path}: empty (0 bytes); leave it out")
    return _of_text(path, head)


def suffixes() -> dict[str, Format]:
    """The format of each known suffix."""
    return {suffix: found for found in registry.FORMATS for suffix in found.suffixes}


def suffix_of(path: Path) -> str:
    """The suffix that tells a format: not that of a compression, nor a rotation's number or date."""
    found = [suffix.lower() for suffix in path.suffixes]
    while found and (found[-1] in COMPRESSED or _ROTATED.fullmatch(found[-1])):
        found.pop()
    return found[-1] if found else ""


def is_table(head: bytes) -> bool:
    """Whether a text begins with a header of at least three names and a row of as many cells."""
    lines = head.decode(errors="replace").splitlines()[:2]
    if len(lines) < 2:
        return False
    for separator in _SEPARATORS:
        header, row = (next(csv.reader([line], delimiter=separator), []) for line in lines)
        if len(header) >= 3 and all(map(_COLUMN.fullmatch, header)) and len(row) >= len(header):
            return True
    return False


def _is_json(head: bytes) -> bool:
    return documents.shape_of(head, whole=len(head) < _HEAD_BYTES) != "text"


def _of_text(path: Path, head: bytes) -> Format:
    """The format of a text without a suffix that tells."""
    if b"\0" in head:
        raise InputError(f"{path}: unknown format; known suffixes are {', '.join(suffixes())}")
    if _is_json(head):
        return registry.by_name("jsonl")
    if is_table(head):
        return registry.by_name("csv")
    raise InputError(f"{path}: no line is JSON: a text log, or another format; write the calls as JSON lines")
