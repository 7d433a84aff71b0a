"""Which families have one text: made-up templates, no corpora."""

import numpy as np

from bench.families.truth import constant_grams, merged_names, numbered, side

WORDS = [f"{one}{two}" for one in "bcdfglmnprst" for two in ("ada", "ebe", "ici", "odo", "ufu")]


def filled(template: str, start: int, rows: int = 30) -> list[str]:
    """A template with three words that differ from row to row in its slot."""
    slots = (" ".join(WORDS[(start + 7 * row + step) % len(WORDS)] for step in range(3)) for row in range(rows))
    return [template.format(slot) for slot in slots]


def test_constant_text_is_the_frame() -> None:
    found = constant_grams(filled("Tell me now about {} in brief please", 0))
    assert ("", "tell", "me", "now", "about") in found
    assert not any(set(gram) & set(WORDS) for gram in found)


def test_siblings_are_merged_and_bare_content_has_no_template() -> None:
    families = {
        "news_b": filled("Tell me now about {} in brief please", 0),
        "news_a": filled("Tell me now about {} in brief please", 11),
        "other": filled("What is {} good for, and who says so?", 0),
        "bare": filled("{}", 0),
        "mark": filled("{}?", 3),
    }
    prompts = [text for texts in families.values() for text in texts]
    names = [name for name, texts in families.items() for _ in texts]
    assert merged_names(prompts, names) == {
        "bare": None, "mark": None, "news_a": "news_a", "news_b": "news_a", "other": "other",
    }  # fmt: skip


def test_sides_are_halves_and_numbers_follow_the_alphabet() -> None:
    sides = [side(f"family {number}") for number in range(1_000)]
    assert 430 < sum(sides) < 570
    assert numbered(["b", None, "a", "b"]).tolist() == [1, -1, 0, 1]
    assert numbered([]).dtype == np.int64
