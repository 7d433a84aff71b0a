"""Tracing: a copy is shown, a clean model is not, and the sentences say what was done."""

import json
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.tracing.watermarks import Watermark
from gauger.kernels.tracing.windows import candidate_values
from gauger.tracing.files import make
from gauger.tracing.trace import Suspect, read_committed, trace
from tests.engine.tracing.made import WORDS, honest


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"c{number}.json" for number in (7, 8)]
    for number, path in enumerate(found):
        make(7 + number, list(WORDS), path, 40, 64)
    return found


def outputs(path: Path, texts: list[str]) -> Suspect:
    path.write_text("\n".join(texts))
    return Suspect([path])


def test_the_campaign_that_was_copied_is_shown_and_no_other(paths: list[Path], tmp_path: Path) -> None:
    canaries = read_committed(paths, [])
    copied = [f"as said {a} {b} here" for a, b in canaries[0].canaries.served[:10]]
    traced = trace(outputs(tmp_path / "o.txt", [*honest(30, 20), *copied]), canaries)
    data = traced.data()
    assert [row["shown"] for row in data["canaries"]] == [True, False]
    first, second = traced.sentences()
    assert first.startswith("Campaign 7: 40 word pairs and 2,520 decoys were drawn by lot and committed to on 2")
    assert f"SHA-256 {canaries[0].canaries.digest()}" in first
    assert "corrected for 2 tests (Holm)" in first
    assert "by what way it got there is not said" in first
    assert "That shows nothing" in second
    assert "by what way" not in second
    assert data["sentences"] == [first, second]
    assert data["canaries"][0]["hits"] >= 10
    words = {word for pair in canaries[0].canaries.served for word in pair}
    assert not words & set(" ".join(traced.sentences()).split())  # secret until somebody shows them
    assert "found" not in data["canaries"][0]


def test_tests_that_were_not_done_are_corrected_for(paths: list[Path], tmp_path: Path) -> None:
    canaries = read_committed(paths[:1], [])
    suspect = outputs(tmp_path / "o.txt", [f"as said {a} {b} here" for a, b in canaries[0].canaries.served[:3]])
    alone, many = (trace(suspect, canaries, tests=tests) for tests in (0, 10_000))
    assert many.adjusted[0] == pytest.approx(alone.adjusted[0] + 4)
    assert (alone.data()["canaries"][0]["shown"], many.data()["canaries"][0]["shown"]) == (True, False)
    assert "Holm" not in alone.sentences()[0]


def test_commitments_are_checked_before_outputs_are_read(paths: list[Path]) -> None:
    with pytest.raises(InputError, match="only what is committed counts"):
        read_committed(paths, [path.with_suffix(".commitment.json") for path in paths[::-1]])


def test_a_watermark_and_canaries_are_corrected_together(paths: list[Path], tmp_path: Path) -> None:
    watermark = Watermark("gumbel", bytes(16), width=1)
    out = np.empty(3_000, np.uint64)
    lucky = []
    for before in range(200):
        candidate_values(np.array([before], np.int32), np.arange(3_000, dtype=np.int32), watermark.words, out)
        lucky.append([before, int(np.argmax(out))])
    (tmp_path / "o.jsonl").write_text("".join(json.dumps({"text": "said", "token_ids": ids}) + "\n" for ids in lucky))
    (tmp_path / "s.jsonl").write_text("".join(json.dumps({"token_ids": ids}) + "\n" for ids in lucky[:50]))
    suspect, canaries = Suspect([tmp_path / "o.jsonl"]), read_committed(paths[:1], [])
    traced = trace(suspect, canaries, watermark)
    assert traced.tests == 2
    data = traced.data()
    assert ([row["shown"] for row in data["canaries"]], [row["shown"] for row in data["watermarks"]]) == (
        [False],
        [True],
    )
    told = traced.sentences()[1]
    assert told.startswith(
        f"Watermark gumbel (SHA-256 {watermark.fingerprint()}): in 200 different windows of tokens, out"
    )
    assert "Had the key been chosen 2^64 times" in told
    served = trace(suspect, [], watermark, [tmp_path / "s.jsonl"])
    assert served.found[0].windows == 50
    assert "50 different windows of tokens whose context was served" in served.sentences()[0]
