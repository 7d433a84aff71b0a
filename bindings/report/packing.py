"""Data packed into the page: JSON, compressed, in alphabets that cannot end a script element."""

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Floats = npt.NDArray[np.float64]


def packed(value: Any) -> str:
    """Return ``value`` as JSON, gzipped, in base64; NaN becomes null, and the same value gives the same text."""
    plain = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return base64.b64encode(gzip.compress(plain, 6, mtime=0)).decode("ascii")


def unpacked(text: str) -> Any:
    """Return what ``packed`` was given, as plain lists, dicts, numbers and strings."""
    return orjson.loads(gzip.decompress(base64.b64decode(text)))


def significant(values: Floats, digits: int = 3) -> Floats:
    """Return ``values`` rounded to ``digits`` significant digits; zero, NaN and infinities stay."""
    size = np.abs(values)
    usable = np.isfinite(values) & (size > 0)
    exponent = np.zeros_like(values)
    exponent[usable] = digits - 1 - np.floor(np.log10(size[usable]))
    scale = 10.0 ** np.clip(exponent, -300, 300)
    return np.where(usable, np.round(values * scale) / scale, values) + 0.0


def within(sizes: Sequence[int] | npt.NDArray[np.int64], most: int) -> int:
    """Return how many of the first ``sizes`` together stay within ``most``."""
    return int(np.searchsorted(np.cumsum(np.asarray(sizes, np.int64)), most, side="right"))
