"""Tokens: the words found 64 bytes at a time are those Python's codec and a regular expression find."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.machine import keys
from gauger.kernels.text.texts import hash_words_of
from tests.kernels import naive
from tests.kernels.strategies import KEY, MALFORMED, NAIVE_KEY, NASTY, PROMPT, QUICK, pack

UNSPACED_SCRIPTS = (
    "CJK UNIFIED",
    "HIRAGANA",
    "KATAKANA",
    "THAI",
    "LAO",
    "MYANMAR",
    "KHMER",
    "TIBETAN",
    "BOPOMOFO",
    "YI",
)
SPACED_SCRIPTS = (
    "LATIN",
    "GREEK",
    "CYRILLIC",
    "ARMENIAN",
    "HEBREW",
    "ARABIC",
    "DEVANAGARI",
    "TAMIL",
    "HANGUL SYLLABLE",
)


def hash_of(word: bytes) -> int:
    """SipHash of a word under the key of words."""
    return naive.siphash(NAIVE_KEY[keys.WORD], NAIVE_KEY[keys.WORD + 1], word)[0]


def hashes_of(texts: list[bytes]) -> list[list[int]]:
    """Word hashes of each text, by the kernel."""
    values, offsets = pack(texts)
    word_offsets = np.zeros(len(texts) + 1, np.int64)
    out = np.zeros(len(values) // 2 + 1 + len(texts), np.uint64)
    hash_words_of(values, offsets, KEY, word_offsets, out)
    return [out[start:end].tolist() for start, end in pairwise(word_offsets)]


def words_of(text: str) -> list[str]:
    """The words the kernel finds, told by their hashes among all substrings' (short texts only)."""
    encoded = text.encode().lower()
    parts = {encoded[start:end] for start in range(len(encoded)) for end in range(start + 1, len(encoded) + 1)}
    names = {hash_of(part): part for part in parts}
    return [names[hashed].decode() for hashed in hashes_of([text.encode()])[0]]


@pytest.mark.parametrize("prompt", [*NASTY.values()], ids=[*NASTY])
def test_nasty_prompts(prompt: bytes) -> None:
    assert hashes_of([prompt]) == [naive.word_hashes(prompt, NAIVE_KEY)]


@pytest.mark.parametrize("prompt", [*MALFORMED.values()], ids=[*MALFORMED])
def test_a_malformed_byte_counts_as_itself(prompt: bytes) -> None:
    assert hashes_of([prompt]) == [naive.word_hashes(prompt, NAIVE_KEY)]


@QUICK
@given(st.lists(PROMPT, max_size=4))
def test_kernel_is_the_twin(prompts: list[bytes]) -> None:
    assert hashes_of(prompts) == [naive.word_hashes(prompt, NAIVE_KEY) for prompt in prompts]


@pytest.mark.parametrize("size", range(1, 200, 3))
def test_a_word_at_every_place_of_a_block(size: int) -> None:
    prompt = b" " * size + b"Word" + b"." * (200 - size)
    assert hashes_of([prompt]) == [[hash_of(b"word")]]


@QUICK
@given(st.binary(max_size=150))
def test_any_bytes_at_all_stay_inside_the_scratch(data: bytes) -> None:
    first, second = hashes_of([data, b"abc"])
    assert len(first) <= len(data) // 2 + 1
    assert second == naive.word_hashes(b"abc", NAIVE_KEY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop", ["don", "t", "stop"]),
        ("你好, ok", ["你", "好", "ok"]),
        ("日本。語", ["日", "本", "語"]),
        ("naïve CAFÉ", ["naïve", "cafÉ"]),
        ("x—y", ["x", "y"]),
        ("«да»", ["да"]),
        ("v2 is 3.5", ["v2", "is", "3", "5"]),
        ("\u10a0\u10a1", ["\u10a0\u10a1"]),  # Georgian capitals, beside the last script without spaces
        ("", []),
    ],
)
def test_words_a_reader_would_name(text: str, expected: list[str]) -> None:
    assert words_of(text) == expected


def test_scripts_without_spaces_are_split_and_others_are_not() -> None:
    """Unicode's own names say what each code point is.

    Left out: the rare extensions of Myanmar (Shan, Khamti) and the archaic Kana, which are not split.
    """
    left_out = {*range(0xA9E0, 0xAA80), *range(0x1B000, 0x1B170)}
    wrong = []
    for point in sorted({*range(0xC0, 0x30000)} - left_out):
        name = unicodedata.name(chr(point), "")
        if name.startswith(SPACED_SCRIPTS + UNSPACED_SCRIPTS) and unicodedata.category(chr(point)) == "Lo":
            alone = naive.words(chr(point).encode() * 2) != [(0, 2 * len(chr(point).encode()))]
            if alone != name.startswith(UNSPACED_SCRIPTS):
                wrong.append(name)
    assert not wrong
