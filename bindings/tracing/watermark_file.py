"""The file of a watermark: what a service uses, and its key. TOML, for its owner alone.

scheme = "green-list"       # gumbel, tournament
key = "00112233445566778899aabbccddeeff"
width = 4                   # tokens of a context
share = 0.25                # green-list: of tokens that are green
layers = 30                 # tournament
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from gauger.engine.common.documents import parsed_toml, read_bounded
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.tracing.watermarks import LAYERS_MAX, SCHEMES, WIDTH_MAX, Watermark

_KEY_BYTES = 16
_KNOWN = {"scheme", "key", "width", "share", "layers"}


def read_watermark(path: Path) -> Watermark:
    """The watermark of a file. Raises InputError where it is not sound, StateError where others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise StateError(f"{path}: others may read this key; run: chmod 600 {path}")
        given = parsed_toml(read_bounded(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError(f"{path}: no TOML") from None  # its words may be the key
    if unknown := sorted(given.keys() - _KNOWN):
        raise InputError(f"{path}: {unknown[0]!r} means nothing; there are {', '.join(sorted(_KNOWN))}")
    try:
        key = bytes.fromhex(given.pop("key"))
        found = Watermark(key=key, **given)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: needs a scheme, and a key of {2 * _KEY_BYTES} hexadecimal digits") from None
    if found.scheme not in SCHEMES or len(key) != _KEY_BYTES:
        raise InputError(f"{path}: scheme is one of {', '.join(SCHEMES)}, key has {2 * _KEY_BYTES} hexadecimal digits")
    if type(found.share) is not float or not 0.0 < found.share < 1.0:
        raise InputError(f"{path}: share is a number between 0 and 1")
    for name, number, most in (("width", found.width, WIDTH_MAX), ("layers", found.layers, LAYERS_MAX)):
        if type(number) is not int or not 1 <= number <= most:
            raise InputError(f"{path}: {name} is a whole number from 1 to {most}")
    return found
