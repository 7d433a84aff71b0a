"""Inputs the kernel tests share: a key, nasty prompts, random ones, and how they lie in an Arrow buffer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from gauger.kernels.machine import keys

# Reproducible and without deadlines: the first example may load a kernel from the cache.
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def make_key(seed: int) -> np.ndarray:
    """Subkeys as the engine derives them: uint64[KEY_WORDS], odd."""
    return np.random.default_rng(seed).integers(0, 2**64, keys.KEY_WORDS, np.uint64) | np.uint64(1)


KEY = make_key(7)
NAIVE_KEY = KEY.tolist()

NASTY = {
    "empty": b"",
    **{f"{size} letters": b"x" * size for size in (1, 2, 63, 64, 65, 127, 128, 129)},
    **{f"{size} bytes of words": (b"Some words here. " * 8)[:size] for size in (63, 64, 65, 127, 128, 129)},
    "separators": b" \t\r\n.,;:!?\"'()[]{}<>=`~@#$%^&*-_+/|\\" * 4,
    "space": b" ",
    "high": "éèüßñ".encode() * 30,
    "unspaced": "日本語のテキスト。これは、テスト。".encode() * 3,
    "unspaced between letters": "a日b本c".encode() * 9,
    "mixed scripts": "Hello мир, 你好 wörld — ราคา 12 ข้อ ‘quoted’ שלום 한국어 \U0001f600!".encode() * 2,
    "NULs": b"\0\0a\0b c\0\0",
    "word to the end of a block": b" " * 60 + b"abcdefgh" + b" " * 60,
    "long word": b"w" * 100_000,
    "letters apart": b"a b c d e f g h i j " * 1_000,
    "long frame": b" ".join(b"%s, %d;" % (b"word" + bytes([97 + i % 26]), i) for i in range(300)),
    "numbers": b"1 22 333 4444 5five 66six 007",
    "endings": b"Running walked QUICKLY station boxes larger final table happy plain thing Us the THE I am i",
    "lone I": b"Then I said I know, and i left. " * 6 + b"I ",
    "layout": b"A, b; c? \"d\" (e): f = `g` {h}\n\n  i'm  'J'  0123456789\n",
    "elicits": b"Please think STEP by step; show all steps. As a judge, rate the following.",
    "two words": b"two words",
    "repeated punctuation": b"--- a --- b ... \n\n\n c ===",
    "outer space": b" \t\n\x0b\x0c\rTrimmed prompt\r\n \x0c",
}
MALFORMED = {
    "lone continuation": b"a\x80b",
    "truncated at the end": "ab漢".encode()[:-1],
    "lead before a letter": b"\xe3\x80a and \xc3z",
    "four-byte lead before letters": b"\xf0abc \xf0\x9f\x98x",
    "never bytes": b"\xff\xfe word \xf8abcd",
    "surrogate": b"\xed\xa0\x80 x",
    "overlong": b"\xc0\xafab \xe0\x80\xaf",
}

_SNIPPETS = st.sampled_from(
    [
        "the ",
        "I ",
        "you are ",
        "step by step ",
        "Running, ",
        "42 ",
        "a1b2 ",
        "\n",
        "  ",
        "...",
        "文",
        "ไทย",
        "é",
        "—",
    ]
)
TEXT = st.lists(st.one_of(_SNIPPETS, st.text(max_size=12)), max_size=25).map(lambda parts: "".join(parts).encode())
ASCII = st.binary(max_size=200).map(lambda data: bytes(byte & 127 for byte in data))
PROMPT = st.one_of(TEXT, ASCII)
WORD64 = st.integers(0, 2**64 - 1)
SETS = st.sets(WORD64, max_size=60)


def pack(texts: Sequence[bytes], before: bytes = b"", after: bytes = b"") -> tuple[np.ndarray, np.ndarray]:
    """Texts as an Arrow string column lies in memory: uint8 values (read-only) and int64[n + 1] offsets."""
    offsets = np.cumsum([len(before), *map(len, texts)], dtype=np.int64)
    return np.frombuffer(before + b"".join(texts) + after, np.uint8), offsets


def pack_words(sets: Sequence[Sequence[int]], kind: type = np.uint64) -> tuple[np.ndarray, np.ndarray]:
    """Integers of each set in a row, and int64[n + 1] offsets."""
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    return np.array([element for one in sets for element in one], kind), offsets
