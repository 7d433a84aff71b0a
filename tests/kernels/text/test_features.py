"""Feature blocks: exact bytes of the twin, unit norms, and what each block is said to measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gauger.kernels.text import features
from tests.kernels import naive
from tests.kernels.passes import run_text
from tests.kernels.strategies import NAIVE_KEY, NASTY, PROMPT, QUICK, pack

BLOCKS = ("LAYOUT", "SPEECH", "LENGTH", "CHARACTERS", "WORDS")


def features_of(*prompts: bytes) -> np.ndarray:
    """int8[n, FEATURES] by the kernel."""
    return run_text(*pack(prompts)).features


def block(row: np.ndarray, name: str) -> np.ndarray:
    """One block as int64."""
    place = BLOCKS.index(name)
    return row[features.BLOCKS[place] : features.BLOCKS[place + 1]].astype(np.int64)


def test_function_words_are_distinct_and_tags_fit_a_byte() -> None:
    assert len(set(features.FUNCTION_WORDS)) == len(features.FUNCTION_WORDS)
    assert features.TAG_SUFFIX + 2 * 12 <= 255


@pytest.mark.parametrize("prompt", [*NASTY.values()], ids=[*NASTY])
def test_nasty_prompts_match_the_twin_in_every_byte(prompt: bytes) -> None:
    assert features_of(prompt)[0].tolist() == naive.text_features(prompt, NAIVE_KEY).tolist()


@QUICK
@given(PROMPT)
def test_blocks_have_unit_norm_or_are_empty(prompt: bytes) -> None:
    row = features_of(prompt)[0]
    for name in BLOCKS:
        norm = np.linalg.norm(block(row, name))
        # Each lane is off by at most one half from rounding.
        assert norm == 0 or abs(norm - features.SCALE) <= 0.5 * np.sqrt(np.count_nonzero(block(row, name)) + 96)


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_length_has_four_lanes_to_the_octave(scale: int) -> None:
    lanes = [int(block(row, "LENGTH").argmax()) for row in features_of(b"x" * 1000 * scale, b"x" * 2000 * scale)]
    assert lanes[1] - lanes[0] == 4


def test_only_the_first_kibibyte_makes_character_grams() -> None:
    start = (b"some prompt text " * 100)[: features.CHARACTER_BYTES_MAX]
    rows = features_of(start + b"one end", start + b"another end of it")
    assert np.array_equal(block(rows[0], "CHARACTERS"), block(rows[1], "CHARACTERS"))
    assert not np.array_equal(block(rows[0], "WORDS"), block(rows[1], "WORDS"))


def test_case_shows_in_layout_and_speech_alone() -> None:
    lower, upper = features_of(b"please measure boxes and tables", b"PLEASE MEASURE BOXES AND TABLES")
    different = {name for name in BLOCKS if not np.array_equal(block(lower, name), block(upper, name))}
    assert different == {"LAYOUT", "SPEECH"}


def test_function_words_are_no_content() -> None:
    row = features_of(b"what is this and why should it be so")[0]
    assert not block(row, "WORDS").any()
    assert block(row, "SPEECH").any()


def test_inner_products_estimate_shared_content() -> None:
    """Feature hashing is unbiased: over many pairs the mean cosine is the share of common words (0.5)."""
    rng = np.random.default_rng(5)
    draws = rng.permuted(np.tile(np.arange(3000), (400, 1)), axis=1)[:, :60]
    texts = [b" ".join(b"w%dx" % word for word in words) for row in draws for words in (row[:40], row[20:])]
    rows = features_of(*texts)[:, features.BLOCKS[4] :].astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (rows[::2] * rows[1::2]).sum(axis=1)
    assert cosines.mean() == pytest.approx(0.5, abs=4 * cosines.std() / np.sqrt(len(cosines)))
    assert cosines.std() < 1.2 * np.sqrt(2 / 256)
