"""Folders: values that stand in the names of the folders a file lies in, ``account_id=acct-1/dt=2026-11-16``.

Hive, Spark, Athena and BigQuery write tables that way and leave such columns out of the files.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from gauger.logs.paths import Source

_FOLDER = re.compile(r"([A-Za-z_][\w.\-]*)=(.+)")
_NULL = "__HIVE_DEFAULT_PARTITION__"


def values_of(path: Path) -> dict[str, str]:
    """The value of each ``name=value`` folder above ``path``; the nearest folder of a name counts."""
    found = (_FOLDER.fullmatch(part) for part in path.parts[:-1])
    return {match[1]: unquote(match[2]) for match in found if match and match[2] != _NULL}


def needed(path: Path, sources: Mapping[str, Sequence[Source]]) -> dict[str, str]:
    """Those of them that ``sources`` (by canonical name) look for."""
    values = values_of(path)
    return {name: values[name] for name in values.keys() & set(_names(sources.values()))} if values else {}


def _names(sources: Iterable[Sequence[Source]]) -> Iterable[str]:
    for each in sources:
        for source in each:
            yield from (source.path, source.steps[0])
