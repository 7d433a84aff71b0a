"""Allow-list files: TOML with ids of families and examples of their prompts.

No message here ever holds what an example says.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gauger.engine.common.documents import TooLargeError, parsed_toml, read_bounded
from gauger.engine.common.errors import AllowListError
from gauger.engine.families.allow_list import AllowList

_KEYS = ("ids", "examples", "example_files")
_HINT = 'write: ids = [12], examples = ["a whole prompt"], example_files = ["prompt.txt"]'
_EXAMPLE_BYTES_MAX = 1 << 24
_BYTES_MAX = 1 << 26  # examples may stand in it
_PLACE = re.compile(r"\(at (?:line \d+, column \d+|end of document)\)")


def load_allow_list(path: Path) -> AllowList:
    """Read an allow-list; ``example_files`` hold one prompt each and are named relative to it.

    Raises AllowListError when there is no such file, it is no TOML, or it holds what an allow-list cannot.
    """
    try:
        document = parsed_toml(read_bounded(path, _BYTES_MAX))
    except UnicodeDecodeError:
        raise AllowListError(f"{path}: the allow-list is not UTF-8; {_HINT}") from None
    except tomllib.TOMLDecodeError as error:
        # Only the place: the rest of the message may quote an example.
        place = _PLACE.search(str(error))
        where = f" {place.group()}" if place else ""
        raise AllowListError(f"{path}: the allow-list is not valid TOML{where}; {_HINT}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise AllowListError(f"{path}: the allow-list cannot be read ({reason}); {_HINT}") from None
    if unknown := sorted(document.keys() - set(_KEYS)):
        shown = f" {unknown[0]}" if re.fullmatch(r"[A-Za-z_-]{1,20}", unknown[0]) else ""
        raise AllowListError(f"{path}: unknown key{shown}; an allow-list has {', '.join(_KEYS)}")
    if not document:
        raise AllowListError(f"{path}: the allow-list is empty; {_HINT}")
    examples = _list(document, "examples", lambda value: isinstance(value, str), "texts in quotes", path)
    files = _list(document, "example_files", lambda value: isinstance(value, str), "names of files", path)
    ids = _list(document, "ids", lambda value: type(value) is int, "whole numbers", path)
    try:
        return AllowList(ids, [*examples, *(_example(path, name) for name in files)])
    except AllowListError as error:
        raise AllowListError(f"{path}: {error}") from None


def _list(document: dict[str, Any], key: str, fits: Callable[[Any], bool], what: str, path: Path) -> list[Any]:
    values = document.get(key, [])
    if not isinstance(values, list) or not all(fits(value) for value in values):
        raise AllowListError(f"{path}: {key} must be a list of {what}; {_HINT}")
    return values


def _example(allow: Path, name: str) -> str:
    """The prompt in a file, without the line break that editors put at its end."""
    path = allow.parent / name
    try:
        return read_bounded(path, _EXAMPLE_BYTES_MAX).decode().removesuffix("\n")
    except TooLargeError:
        raise AllowListError(f"{path}: an example file holds one prompt, at most 16 MiB") from None
    except UnicodeDecodeError:
        raise AllowListError(f"{path}: the example file is not UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise AllowListError(f"{path}: the example file cannot be read ({reason})") from None
