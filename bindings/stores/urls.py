"""Which places are URLs. Nothing heavy is imported here: the command line asks before it knows whether it has work."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gauger.engine.common.errors import InputError

LOCAL = "file"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/+(.*)", re.S)


def parted(place: str | Path) -> tuple[str, str] | None:
    """Scheme and rest of a URL, also of one whose slashes a ``Path`` has joined; None for what is none."""
    found = _URL.fullmatch(str(place))
    return None if found is None else (found[1].lower(), found[2])


def scheme_of(place: str | Path) -> str | None:
    """The scheme of a URL; None for what is none."""
    found = parted(place)
    return None if found is None else found[0]


def local_path(url: str | Path) -> Path:
    """The path that a URL with the scheme ``file`` names. Raises InputError for one of another machine."""
    parts = urlsplit(str(url))
    host = parts.netloc.rpartition("@")[2]
    if host not in ("", "localhost"):
        raise InputError(f"{LOCAL}://{host}{parts.path}: of another machine; mount it and give its path")
    return Path(unquote(parts.path))
