"""Attachments: text in them is measured, in any provider's shape, whatever is declared; other files are counted."""

import base64
import os
import textwrap
import zlib
from typing import Any
from urllib.parse import quote

import pytest

from gauger.engine.intake import conversation
from gauger.engine.intake.attachments import attached, is_payload
from gauger.engine.intake.conversation import NO_TEXT, texts_of

TEXT = "Lists every knot of the ship's log, with its üse and a drawing of each."
PICTURE = b"\x89PNG\r\n\x1a\n" + zlib.compress(os.urandom(3_000))
PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n" * 50


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def text_in(value: str, *, payload: bool = False) -> str | None:
    """The text of a string that must hold a file."""
    found = attached(value, payload=payload)
    assert found is not None
    return found.text


def url(data: bytes | str, kind: str = "text/plain") -> str:
    return f"data:{kind};base64,{b64(data)}"


SHAPES = {
    "anthropic text": lambda data: {"type": "document", "source": {"type": "base64", "data": b64(data)}},
    "anthropic typed": lambda data: {
        "type": "document",
        "source": {"type": "base64", "media_type": "text/plain", "data": b64(data)},
    },
    "openai file": lambda data: {"type": "file", "file": {"filename": "a.csv", "file_data": url(data, "text/csv")}},
    "openai bare": lambda data: {"type": "input_file", "filename": "a.md", "file_data": b64(data)},
    "gemini": lambda data: {"inlineData": {"mimeType": "text/markdown", "data": b64(data)}},
    "gemini snake": lambda data: {"inline_data": {"mime_type": "application/json", "data": b64(data)}},
    "bedrock": lambda data: {"document": {"format": "txt", "name": "log", "source": {"bytes": b64(data)}}},
    "image url": lambda data: {"type": "image_url", "image_url": {"url": url(data, "image/png")}},
    "input image": lambda data: {"type": "input_image", "image_url": url(data, "image/png")},
    "audio": lambda data: {"type": "input_audio", "input_audio": {"data": b64(data), "format": "wav"}},
}


def asked(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "What does it say?"}, *parts]}]


@pytest.mark.parametrize("shape", SHAPES)
def test_text_in_a_file_is_context_and_other_files_are_counted(shape: str) -> None:
    found = texts_of(asked(SHAPES[shape](TEXT)))
    assert (found.prompt, found.context, found.attachments) == ("What does it say?", [TEXT], 0)
    for data in (PICTURE, PDF):
        found = texts_of(asked(SHAPES[shape](data), SHAPES[shape](data)))
        assert (found.prompt, found.context, found.attachments) == ("What does it say?", [], 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_of_a_file_alone(shape: str) -> None:
    alone = texts_of([{"role": "user", "content": [SHAPES[shape](TEXT)]}])
    assert (alone.prompt, alone.fault) == (TEXT, None)
    picture = texts_of([{"role": "user", "content": [SHAPES[shape](PICTURE)]}])
    assert (picture.prompt, picture.fault, picture.attachments) == (None, NO_TEXT, 1)


def test_documents_that_are_no_bytes() -> None:
    for source in (
        {"type": "text", "media_type": "text/plain", "data": "Few words here"},
        {"type": "content", "content": "Few words here"},
        {"type": "content", "content": [{"type": "text", "text": "Few words here"}]},
    ):
        found = texts_of(asked({"type": "document", "source": source}))
        assert (found.context, found.attachments) == (["Few words here"], 0), source


def test_json_in_a_file_is_looked_into() -> None:
    inner = b64('{"rows": [{"note": "Three words here"}]}')
    found = texts_of(asked({"inlineData": {"mimeType": "application/json", "data": inner}}))
    assert found.context == ["Three words here"]


def test_a_tools_answer_may_hold_files() -> None:
    answer = {"type": "tool_result", "content": [{"type": "text", "text": "Done"}, SHAPES["gemini"](TEXT),
                                                 SHAPES["gemini"](PICTURE)]}  # fmt: skip
    found = texts_of([*asked(), {"role": "user", "content": [answer]}])
    assert any(TEXT in text for text in found.context)
    assert found.attachments == 1


def test_what_is_damaged_is_read_as_far_as_it_goes() -> None:
    whole, long = b64(TEXT), b64(TEXT * 20)
    assert text_in("data:," + quote(TEXT)) == TEXT
    for damaged in (
        whole.rstrip("="),
        whole[:40] + "!?" + whole[40:],
        "\n".join(textwrap.wrap(whole, 19)),
        whole.replace("+", "-").replace("/", "_"),
    ):
        assert text_in("data:text/plain;base64," + damaged) == TEXT
    cut = text_in(long[:501], payload=True)
    assert cut is not None
    assert (TEXT * 20).startswith(cut.rstrip("\ufffd"))
    for wide in ("utf-16", "utf-8-sig"):
        assert text_in(b64(TEXT.encode(wide)), payload=True) == TEXT
    odd = TEXT.encode() + b"\xff"  # one odd byte hides nothing
    assert TEXT in (text_in(b64(odd), payload=True) or "")


def test_what_is_no_file_is_left_as_it_is() -> None:
    for words in (
        "data: the words that follow this",
        "Short",
        "some words that are no base64, and are many",
        "a1b2c3d4",
    ):
        assert attached(words, payload=True) is None
    assert attached(b64(TEXT), payload=False) is None
    lines = "\n".join(["harbour", "lantern", "orchard", "bridges"] * 9)
    found = texts_of(asked({"type": "document", "source": {"data": lines}}))
    assert (found.context, found.attachments) == ([lines], 0)
    assert texts_of(asked({"note": "data: these are words of a note"})).context == ["data: these are words of a note"]
    assert text_in("\n".join(textwrap.wrap(b64(PICTURE), 76)), payload=True) is None


def test_reasoning_that_is_sealed_is_no_file() -> None:
    sealed = {"type": "redacted_thinking", "data": b64(PICTURE)}
    assert not is_payload("data", sealed)
    assert texts_of([{"role": "assistant", "content": [sealed]}, *asked()]).attachments == 0


def test_calls_with_files_are_a_column() -> None:
    chats = [asked(), asked(SHAPES["gemini"](PICTURE)), asked(SHAPES["gemini"](TEXT))]
    found = conversation.columns(chats, [None] * 3, [None] * 3)
    assert found["attachments"].to_pylist() == [None, 1, None]
    assert "attachments" not in conversation.columns(chats[::2], [None] * 2, [None] * 2)


def test_long_strings_end() -> None:
    for text in ("data:" + ";a" * 500_000, "data:" + "a" * 1_000_000, "=" * 1_000_000, "\n" * 1_000_000):
        attached(text, payload=True)
    nested = TEXT
    for _ in range(40):
        nested = url(nested)
    assert texts_of(asked({"x": nested})).prompt == "What does it say?"
