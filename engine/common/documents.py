"""Small files that people write: column maps, allow-lists, keys. What is no file, or too large, is refused at once."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

BYTES_MAX = 1 << 20


class NotAFileError(OSError):
    """A pipe, a socket, a device or a folder where a file was asked for: nobody should wait for it, or read on."""


class TooLargeError(OSError):
    """More bytes than a file of this kind has."""


def read_bounded(path: Path, most: int = BYTES_MAX) -> bytes:
    """The content of a file of at most ``most`` bytes.

    Raises OSError as ``open`` does, NotAFileError and TooLargeError, with a reason in ``strerror``.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # or a pipe would wait for its writer
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAFileError(None, "not a regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLargeError(None, f"larger than {most:,} bytes")
    return content


def parsed_toml(content: bytes) -> dict[str, Any]:
    """A TOML document.

    Raises UnicodeDecodeError, and TOMLDecodeError also where it is nested too deeply or has a number of 4,300 digits.
    """
    text = content.decode()
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise tomllib.TOMLDecodeError("a number is too long") from None
