"""Elicitation: three words each, and the pass finds them wherever they stand."""

import itertools

import numpy as np
import pytest

from gauger.engine.intake.elicitation import DATA_SET, PHRASES, REASONING, RUBRIC
from tests.engine import calls

ALL_PHRASES = [(phrase, flag) for flag, phrases in PHRASES.items() for phrase in phrases]


def flags_of(prompts: list[str]) -> np.ndarray:
    return calls.measure(calls.batch_of([{"prompt_text": text} for text in prompts], ("prompt_text",))).flags


def test_flags_are_separate_bits_of_one_byte_and_add_up() -> None:
    assert sorted(PHRASES) == sorted([REASONING, RUBRIC, DATA_SET])
    assert all(flag.bit_count() == 1 and flag < 256 for flag in PHRASES)
    text = "As a judge, think step by step, then write synthetic data for it."
    assert flags_of([text]).tolist() == [REASONING | RUBRIC | DATA_SET] == [sum(PHRASES)]


@pytest.mark.parametrize(("phrase", "flag"), ALL_PHRASES)
def test_a_phrase_is_three_lower_case_words_in_one_group(phrase: str, flag: int) -> None:
    assert len(phrase.split()) == 3
    assert phrase == phrase.lower()
    assert [other for other, group in PHRASES.items() if phrase in group] == [flag]


def test_every_phrase_is_found_at_the_head_in_the_middle_and_at_the_tail() -> None:
    forms = ("{}", "{} of this and that", "and now {} of this", "this and that: {}!", "SAY:\n\n**{}**")
    for form, upper in itertools.product(forms, (False, True)):
        texts = [form.format(phrase.upper() if upper else phrase) for phrase, _ in ALL_PHRASES]
        assert flags_of(texts).tolist() == [flag for _, flag in ALL_PHRASES]


def test_words_in_another_order_or_apart_do_not_count() -> None:
    texts = ["by step step", "step by stepping", "step and by and step", "stepby step", "step by"]
    assert flags_of(texts).tolist() == [0] * len(texts)
