"""How today differs, without names of columns and numbers below zero."""

from gauger.report import drift
from gauger.text import words

NOT_COVERED = "; the false-positive rate is not covered"


def test_shifts_are_one_sentence_in_words() -> None:
    shift = " has shifted: stability index 4.07, days of the reference at most -0.10"
    said = drift.sentences({"unlike": [f"{name}{shift}{NOT_COVERED}" for name in ("hour_entropy", "gap_variation")]})
    assert len(said) == 2
    assert said[0].startswith("2 measurements of accounts are spread in another way")
    assert f"{words.statistic('hour_entropy')}: 4.07, at most 0.10 between days of the reference" in said[0]
    assert "hour_entropy" not in said[0]
    assert said[1].startswith("So the share of false alarms")


def test_more_shifts_than_fit_are_counted() -> None:
    names = [f"{letter}_share has shifted: stability index 0.30" for letter in "abcdefgh"]
    (sentence,) = drift.sentences({"unlike": names})
    assert "and 2 more, see manifest.json" in sentence


def test_content_and_other_sentences_have_no_minus_zero() -> None:
    apart = "0.0004 apart, days of the reference at most -0.0000"
    content = f"today's accounts speak unlike the reference's: {apart}{NOT_COVERED}"
    said = drift.sentences({"unlike": [content, "something is -0.00 today"]})
    assert said[0] == (
        "What accounts ask has changed: today lies 0.0004 from the reference, its own days at most "
        "0.0000 from one another."
    )
    assert said[1] == "Something is 0.00 today."


def test_whatever_else_the_manifest_holds_says_nothing() -> None:
    for odd in (None, 3, {}, {"unlike": None}, {"unlike": 3}):
        assert drift.sentences(odd) == []
