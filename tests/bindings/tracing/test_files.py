"""Files of canaries: secret, never replaced, and held against what was published."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from gauger.engine.common.errors import InputError, StateError
from gauger.tracing.files import Committed, commitment_path, committed, make, pairs_in, read_canaries, words_in
from tests.engine.tracing.made import WORDS, honest


def test_what_is_written_is_secret_and_opens_the_commitment(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    made = make(7, list(WORDS), path, 20, 16)
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.seed.hex() not in commitment_path(path).read_text()
    assert committed(path) == Committed(read_canaries(path), None) == Committed(made, None)
    assert json.loads(path.read_text())["served"] == [list(pair) for pair in made.served]


def test_two_files_of_the_same_words_are_different(tmp_path: Path) -> None:
    first, second = (make(7, list(WORDS), tmp_path / name, 20, 16) for name in ("a.json", "b.json"))
    assert first.served != second.served


@pytest.mark.parametrize("there", ["c.json", "c.commitment.json"])
def test_nothing_is_replaced(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("kept")
    with pytest.raises(InputError, match="never replaced"):
        make(7, list(WORDS), tmp_path / "c.json", 20, 16)
    assert (tmp_path / there).read_text() == "kept"


def test_a_lottery_that_cannot_be_drawn_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few pairs"):
        make(7, list(WORDS), tmp_path / "c.json", 1_000, 1_024)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    make(7, list(WORDS), path, 20, 16)
    path.chmod(0o640)
    with pytest.raises(StateError, match="chmod 600"):
        read_canaries(path)


def test_a_changed_secret_or_commitment_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    make(7, list(WORDS), path, 20, 16)
    other = tmp_path / "o.json"
    make(7, list(WORDS), other, 20, 16)
    with pytest.raises(InputError, match=r"o.commitment.json: .*only what is committed counts"):
        committed(path, commitment_path(other))
    with pytest.raises(InputError, match="after the outputs were obtained"):
        committed(path, None, datetime.now(UTC) - timedelta(days=1))
    commitment_path(path).write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        committed(path)
    path.write_text("[" * 100_000)
    with pytest.raises(InputError):
        read_canaries(path)


def test_words_of_a_list(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\n".join([*WORDS, "", WORDS[0].upper(), "two words", "x3"]))
    assert words_in(path) == list(WORDS)


def test_words_of_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "sample.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in honest(400, 200)))
    with pytest.raises(InputError, match="400 words fit for pairs, 500 are needed"):
        words_in(path)
    more = [" ".join(f"more{word}" for word in WORDS)] * 5
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in [*honest(400, 200), *more]))
    assert len(words_in(path)) == 1_100


def test_a_list_that_is_missing_or_too_short(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("harbour\nlattice\n")
    with pytest.raises(InputError, match="2 words fit for pairs"):
        words_in(tmp_path / "w.txt")
    with pytest.raises(InputError, match="absent"):
        words_in(tmp_path / "absent.txt")


def test_pairs_of_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "sample.jsonl"
    random = Random(1)
    texts = [" ".join(random.choices(WORDS, k=200)) for _ in range(400)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    pairs = pairs_in(path, 320)
    made = make(7, pairs, tmp_path / "c.json", 20, 16, is_listed=True)
    assert committed(tmp_path / "c.json").canaries == made
    assert {" ".join(pair) for pair in made.served} < set(pairs)
    with pytest.raises(InputError, match="pairs of words are rare in it, 1,000,000 are needed"):
        pairs_in(path, 1_000_000)
