"""Attachments: what comes as a file's bytes inside a call, in base64 or in a ``data:`` URL, and the text in it.

Bytes that are mostly text are text, whatever media type is declared: who declares it wrote the call.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

# Fields that hold a file's bytes, in the shapes of Anthropic, OpenAI, Gemini and Bedrock.
PAYLOADS = frozenset({"data", "bytes", "file_data", "b64_json"})
_SEALED = frozenset({"text", "redacted_thinking"})  # types of objects whose ``data`` is no file's bytes
_URL = re.compile(r"data:[\w.+-]*(?:/[\w.+-]*)?(?:;[\w.+-]+(?:=[^,;\s]*)?)*,")
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\-\r\n]+")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS = bytes(sorted(set(range(256)) - {*_ALPHABET}))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_HEAD = 4_096  # characters that tell what bytes are
_LOOK = 256  # characters that tell base64 from words
_SHORTEST, _SURE = 16, 64  # characters: shorter is no file, and from here on it is one though it is no text
_WORD_MAX = 40  # characters a word has on average where something is language, and not base64 in lines
_CONTROL = [chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\b\x1b"] + ["\ufffd"]
_ODD_MAX = 0.1  # of the characters of a text
_BINARY = (b"%PDF",)  # formats that begin like text
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16


@dataclass(frozen=True)
class Attached:
    """A file in a call."""

    text: str | None  # None: it holds none that can be read


def is_payload(name: str, value: dict[str, Any]) -> bool:
    """Whether the field ``name`` of an object may hold a file's bytes."""
    return name in PAYLOADS and value.get("type") not in _SEALED


def attached(value: str, *, payload: bool) -> Attached | None:
    """The file that a string holds; None for any other string.

    payload : whether it stands where a file's bytes may be; a ``data:`` URL may stand anywhere
    """
    url = _URL.match(value, 0, _LOOK)
    if url is not None:
        body = value[url.end() :]
        if url[0].endswith(";base64,"):
            return Attached(_decoded(body))
        data = unquote_to_bytes(body)
        return Attached(_text(data) if _is_text(data[:_HEAD]) else None)
    if not payload or len(value) < _SHORTEST or _BASE64.fullmatch(value, 0, _LOOK) is None:
        return None
    text = _decoded(value)
    is_sure = len(value) >= _SURE and len(value) > _WORD_MAX * len(value.split())
    return Attached(text) if text is not None or is_sure else None


def _decoded(body: str) -> str | None:
    """The text that base64 holds. What is damaged is read as far as it goes, as whoever receives it may do."""
    return _text(_bytes(body)) if _is_text(_bytes(body[:_HEAD])) else None


def _bytes(body: str) -> bytes:
    kept = body.encode("ascii", "ignore").translate(_URL_SAFE).translate(None, _OTHERS)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return base64.b64decode(kept + b"=" * (-len(kept) % 4))


def _text(data: bytes) -> str:
    return data.decode("utf-16" if data.startswith(_WIDE) else "utf-8-sig", "replace")


def _is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are mostly those of a text."""
    text = "" if head.startswith(_BINARY) else _text(head)
    return bool(text.strip()) and sum(map(text.count, _CONTROL)) <= _ODD_MAX * len(text)
