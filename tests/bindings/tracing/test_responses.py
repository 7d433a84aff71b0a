"""The file of responses: of the finding and its controls alone, without text, under one key."""

import json
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.tracing import responses
from gauger.tracing.responses import keep, lead
from gauger.tracing.trace import lead_sentence
from tests.engine.tracing.made import honest

SECRET = Secret(bytes(16))
NAMES = [f"account-{number}" for number in range(12)]
ANSWERS = {name: honest(3, 40, seed=number) for number, name in enumerate(NAMES)}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    accounts = pa.table(
        {
            "account_id": NAMES,
            "calls": [3] * 12,
            "campaign_id": pa.array([1] * 4 + [2] * 2 + [None] * 6, pa.int64()),
            "flagged": [True] * 6 + [True] * 2 + [False] * 4,
        }
    )
    monkeypatch.setattr(responses, "read_run", lambda out: SimpleNamespace(accounts=accounts))
    lines = [
        {"start_time": "2026-11-01T00:00:00Z", "account_id": name, "prompt_text": "q", "response": {"content": answer}}
        for name, said in ANSWERS.items()
        for answer in said
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"account_id": NAMES[0]}]))
    return path


def test_only_the_finding_and_its_controls_are_kept(log: Path, tmp_path: Path) -> None:
    to = tmp_path / "r.parquet"
    kept = keep(tmp_path, [log], 1, to, SECRET, None, None)
    assert (kept.members, kept.controls, kept.responses) == (4, 4, 24)
    assert to.stat().st_mode & 0o777 == 0o600
    content = to.read_bytes()
    assert not any(name.encode() in content for name in NAMES)
    assert not any(word.encode() in content for word in ANSWERS[NAMES[0]][0].split())
    table = pq.read_table(to)
    assert table.schema.field("sketch").type == pa.binary(64)
    backwards = tmp_path / "b.jsonl"
    backwards.write_text("".join(log.read_text().splitlines(keepends=True)[::-1]))
    keep(tmp_path, [backwards], 1, tmp_path / "s.parquet", SECRET, None, None)
    assert pq.read_table(tmp_path / "s.parquet").equals(table)


def test_a_copy_is_a_lead(log: Path, tmp_path: Path) -> None:
    to = tmp_path / "r.parquet"
    keep(tmp_path, [log], 1, to, SECRET, None, "response.content")
    (tmp_path / "o.txt").write_text("\n".join(text for name in NAMES[:4] for text in ANSWERS[name]))
    number, found = lead(to, [tmp_path / "o.txt"], SECRET)
    assert (number, found.members, found.controls, found.outputs) == (1, 4, 4, 12)
    assert found.member_share == found.above == 1.0
    assert found.control_share < 0.1
    said = lead_sentence(number, found)
    assert said.startswith("Responses of finding 1: 12 outputs contain 100.0% of the five-word sequences")
    assert "no proof" in said


def test_what_cannot_be_kept_or_read(log: Path, tmp_path: Path) -> None:
    to = tmp_path / "r.parquet"
    with pytest.raises(InputError, match="no finding 9"):
        keep(tmp_path, [log], 9, to, SECRET, None, None)
    with pytest.raises(InputError, match="--field"):
        keep(tmp_path, [log], 1, to, SECRET, None, "nowhere")
    keep(tmp_path, [log], 1, to, SECRET, None, None)
    with pytest.raises(InputError, match="under another key"):
        lead(to, [log], Secret(bytes([1] * 16)), "response.content")
    pq.write_table(pa.table({"account": ["x"]}), tmp_path / "other.parquet")
    for path in (tmp_path / "other.parquet", log, tmp_path / "absent"):
        with pytest.raises(InputError, match="no file of responses"):
            lead(path, [log], SECRET)
