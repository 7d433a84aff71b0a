"""Frame grams: the twin's, and what a frame must survive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gauger.kernels.text import grams
from tests.kernels import naive
from tests.kernels.passes import run_ids, run_text
from tests.kernels.strategies import NAIVE_KEY, NASTY, PROMPT, QUICK, pack, pack_words


def grams_of(prompt: bytes) -> list[int]:
    """Frame grams by the kernel."""
    return run_text(*pack([prompt])).grams_of(0)


@pytest.mark.parametrize("prompt", [*NASTY.values()], ids=[*NASTY])
def test_nasty_prompts(prompt: bytes) -> None:
    assert grams_of(prompt) == naive.grams(naive.frame_tokens(prompt, NAIVE_KEY), NAIVE_KEY)


@QUICK
@given(PROMPT)
def test_kernel_is_the_twin(prompt: bytes) -> None:
    assert grams_of(prompt) == naive.grams(naive.frame_tokens(prompt, NAIVE_KEY), NAIVE_KEY)


@pytest.mark.parametrize("count", [1, 4, 5, 511, 512, 513, 514, 1000])
def test_long_prompts_are_their_two_ends(count: int) -> None:
    ids = list(range(count))
    found = run_ids(*pack_words([ids], np.int32)).grams_of(0)
    assert len(found) == (count + grams.PAD if count <= 512 else 512) <= grams.GRAMS_MAX
    middle = ids.copy()
    middle[300:-300] = [9999] * len(middle[300:-300])
    assert run_ids(*pack_words([middle], np.int32)).grams_of(0) == found


def test_numbers_are_one_token() -> None:
    assert grams_of(b"Question 7: why?") == grams_of(b"Question 1234: why?")
    assert grams_of(b"Question 7: why?") != grams_of(b"Question 7b: why?")


def test_runs_of_punctuation_and_white_space_are_one() -> None:
    assert grams_of(b"a ---- b\n\n\nc") == grams_of(b"A -\tb\nc")
    assert grams_of(b"a\nb") != grams_of(b"a b")


def test_the_edges_are_grams_of_their_own() -> None:
    """A frame of k tokens has k + 4 grams alone; pasted into text it loses those that held the sentinels."""
    frame = b"answer the question below now"
    alone, pasted = set(grams_of(frame)), set(grams_of(b"x1y " + frame + b" z2w"))
    assert len(alone) == 5 + grams.PAD
    assert len(alone & pasted) == 1


def test_a_prompt_of_no_tokens_has_no_grams() -> None:
    assert [grams_of(prompt) for prompt in (b"", b" \t\r\0")] == [[], []]
