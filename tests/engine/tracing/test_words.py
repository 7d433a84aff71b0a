"""Words: the same however they are written, and those of middle frequency."""

import pytest

from gauger.engine.tracing.words import attested_pairs, is_pair, is_word, of_middle_frequency, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The harbour, LATTICE.", ["the", "harbour", "lattice"]),
        ("don't stop-over 3 times_two", ["don't", "stop", "over", "times", "two"]),
        ("Straße ｆｕｌｌ", ["strasse", "full"]),
        ("e\u0301tude étude", ["étude", "étude"]),
        ("12 34 __", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize("word", ["two words", "Upper", "x1", "", 3, None, "a\u202eb"])
def test_what_is_no_word(word: object) -> None:
    assert not is_word(word)
    assert is_word("harbour")


def test_words_of_middle_frequency_are_neither_common_nor_rare() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    common = [f"com{a}{b}" for a in letters for b in letters][:300]
    middle = [f"mid{a}{b}" for a in letters for b in letters][:40]
    texts = [" ".join(common)] * 9 + [" ".join([*middle, "abc", "abcdefghijklmnopqrst", "can't"])] * 3
    texts += ["rare words here rare rare rare"]
    assert of_middle_frequency(texts) == sorted(middle)


def test_pairs_that_a_few_texts_have() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    common = [f"com{a}{b}" for a in letters for b in letters][:300]
    texts = [" ".join(common)] * 30 + ["north harbour lattice"] * 3 + ["harbour lattice lattice"] * 2
    texts += ["lattice north"] * 6 + ["north lattice", "harbour harbour"]
    assert attested_pairs(texts) == ["harbour lattice", "north harbour"]


@pytest.mark.parametrize("pair", ["one", "one two three", "one  two", "One two", "one 2", 3, " two"])
def test_what_is_no_pair(pair: object) -> None:
    assert not is_pair(pair)
    assert is_pair("one two")
