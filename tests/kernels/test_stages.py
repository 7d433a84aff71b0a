"""The prefixes of the pass: run to the end they are the pass, and shorter ones leave the rest alone."""

from __future__ import annotations

import numpy as np
import pytest

from gauger.kernels import calls, stages
from tests.kernels.passes import FUNCTION_WORDS, PHRASE_TABLE, Pass, run_text
from tests.kernels.strategies import KEY, NASTY, pack

PROMPTS = list(NASTY.values())
OUTPUTS = ("prompt_hashes", "words", "signatures", "features", "novelty", "flags", "word_counts", "word_registers")


def run(depth: int) -> Pass:
    """The first steps on the nasty prompts."""
    values, offsets = pack(PROMPTS)
    result = Pass(len(PROMPTS), int(np.minimum(np.diff(offsets), calls.GRAMS_MAX).sum()) + 8 * len(PROMPTS))
    reference = np.zeros((2, 1024), np.uint32)
    stages.run(
        depth, values, offsets, KEY, *FUNCTION_WORDS, *PHRASE_TABLE, result.word_counts, result.word_registers,
        reference, 0, result.prompt_hashes, result.words, result.signatures, result.features, result.novelty,
        result.flags, result.gram_offsets, result.grams,
    )  # fmt: skip
    return result


def test_all_steps_are_the_pass() -> None:
    whole, expected = run(len(stages.STAGES)), run_text(*pack(PROMPTS))
    for name in OUTPUTS:
        assert np.array_equal(getattr(whole, name), getattr(expected, name), equal_nan=name == "novelty"), name
    assert np.array_equal(whole.gram_offsets, expected.gram_offsets)
    end = expected.gram_offsets[-1]
    assert np.array_equal(whole.grams[:end], expected.grams[:end])


@pytest.mark.parametrize(("step", "output"), [(3, "words"), (4, "prompt_hashes"), (6, "signatures"), (9, "features")])
def test_a_prefix_ends_with_its_step(step: int, output: str) -> None:
    expected = getattr(run(len(stages.STAGES)), output)
    assert np.array_equal(getattr(run(step), output), expected)
    assert not np.array_equal(getattr(run(step - 1), output), expected)
