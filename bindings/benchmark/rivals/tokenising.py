"""The tokeniser in Python, for libraries that want words or shingles made: as fast as Python makes them.

Yields exactly the words of ``kernels/text/tokens.py``. ASCII, nearly everything, goes through one ``bytes.translate``
and one ``split``, which is faster than ``re.findall``; other text through a regular expression over code points.
"""

import re

WIDTH = 3  # words in a shingle
_WORD_BYTES = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TABLE = bytes(ord(chr(byte).lower()) if byte in _WORD_BYTES else 32 for byte in range(128)) + bytes(range(128, 256))
# Code points that are words of their own, and those that make words with their neighbours; the rest separates.
_ALONE = "\u0e00-\u109f\u1780-\u17ff\u2e80-\u2fff\u3004-\ua4cf\uf900-\ufaff\uff00-\uffef\U00020000-\U0010ffff"
_JOINED = "0-9a-z\u00c0-\u0dff\u10a0-\u177f\u1800-\u1fff\u2070-\u2e7f\ua4d0-\uf8ff\ufb00-\ufeff\ufff0-\U0001ffff"
PATTERN = f"[{_ALONE}]|[{_JOINED}]+"
_WORD = re.compile(PATTERN)


def words(text: str) -> list[bytes]:
    """The words of a text, in order."""
    if text.isascii():
        return text.encode().translate(_TABLE).split()
    return [word.encode() for word in _WORD.findall(text.encode().lower().decode())]


def word_strings(text: str) -> list[str]:
    """The same as ``str``."""
    if text.isascii():
        return text.encode().translate(_TABLE).decode().split()
    return _WORD.findall(text.encode().lower().decode())


def shingles(text: str) -> list[bytes]:
    """Three words in a row, joined by spaces; all words of a text that has fewer."""
    found = words(text)
    if len(found) < WIDTH:
        return [b" ".join(found)] if found else []
    return list(map(b" ".join, zip(found, found[1:], found[2:], strict=False)))
