"""Dead letters: what a receiver did not take, kept in files and sent again.

Records are put down before they are sent, and removed as they are taken. So a process that is killed loses none, and
what was taken is not sent again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from gauger.batch.outputs import atomic
from gauger.engine.common.errors import InputError
from gauger.engine.common.private import make_folder, write_file
from gauger.exports.formats import Record

_DIGEST = 16  # hexadecimal digits: a later letter of the same finding does not replace an earlier one


def put_aside(records: Iterable[Record], folder: Path, format_name: str) -> dict[Record, Path]:
    """Keep records, a file each that the user alone may read. Raises OSError where that is not possible."""
    make_folder(folder)
    found = {}
    for record in records:
        digest = hashlib.sha256(record.data).hexdigest()[:_DIGEST]
        name = re.sub(r"[^0-9a-zA-Z-]", "-", record.uid)
        found[record] = folder / f"{name}.{digest}.{format_name}"
        with atomic(found[record]) as temporary:
            write_file(temporary, record.data)
    return found


def letters(folder: Path, format_name: str) -> dict[Record, Path]:
    """The letters of a format that are in a folder, in the order of their names.

    Raises InputError where there is none.
    """
    paths = sorted(folder.glob(f"*.{format_name}"))
    if not paths:
        raise InputError(f"{folder} holds no letters of the format {format_name}")
    return {Record(path.name.split(".")[0], path.read_bytes()): path for path in paths}
