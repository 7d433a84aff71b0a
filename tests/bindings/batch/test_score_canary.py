"""Words planted in prompts are nowhere in what a run writes or says, but for what twenty accounts share."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner

from gauger.commands.main import main
from tests.bindings import traffic

CANARY = "zyxquartz"  # in no path and in no word of gauger
SHOWN = "wideshared"


def leaked(*places: bytes | str) -> list[bytes]:
    """Surroundings of every canary in any spelling."""
    everything = b"\n".join(place.encode() if isinstance(place, str) else place for place in places).lower()
    pieces = everything.split(CANARY.encode())
    return [before[-40:] + CANARY.encode() + after[:40] for before, after in pairwise(pieces)]


def family(accounts: int, frame: str, name: str) -> list[dict[str, Any]]:
    """``accounts`` accounts that share a frame, a canary of its own in every call's slot."""
    rows = traffic.campaign(accounts, 4, len(frame), frame=frame + " ", name=name)
    for number, row in enumerate(rows):
        row["prompt_text"] += f" {CANARY}{number} then {CANARY.upper()}slot{number}"
    return rows


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder of logs in several formats with canaries everywhere a prompt can be, sound and broken."""
    folder = tmp_path / "logs"
    frame = "Write an essay for the {} society about the {} river and all of its {} bridges, in verse,"
    rows = family(25, frame.format(SHOWN, SHOWN, SHOWN), "wide")
    rows += family(19, frame.format(CANARY, CANARY, CANARY), "narrow").copy()
    rows += traffic.honest(10, 6, 1)
    for row in rows[-60:-30]:
        row["prompt_text"] = f"{CANARY} said the fox to the {CANARY} hen"  # one prompt, 5 accounts, 30 times
    calls = traffic.table(rows)
    traffic.write(calls, folder / "a.parquet")
    few = traffic.table(traffic.honest(3, 3, 2))
    texts = pa.array([f"{CANARY} of the log {number}" for number in range(few.num_rows)])
    few = few.set_column(few.schema.get_field_index("prompt_text"), "prompt_text", texts)
    lines = traffic.write(few, folder / "b.jsonl").read_bytes().splitlines()
    lines[1] = lines[1][:-5]
    lines[2] = orjson.dumps(orjson.loads(lines[2]) | {"start_time": CANARY})
    lines[3] = orjson.dumps(orjson.loads(lines[3]) | {"prompt_text": {CANARY: [CANARY]}})
    lines[4] = lines[4].replace(b" of the", b"\xff\xfe")
    (folder / "b.jsonl").write_bytes(b"\n".join(lines))
    cells = traffic.write(few, folder / "c.csv").read_bytes().splitlines(keepends=True)
    cells[3] = b"1,2," + CANARY.encode() + b"\n"
    (folder / "c.csv").write_bytes(b"".join(cells))
    damaged = bytearray(traffic.write(few, folder / "d.parquet").read_bytes())
    damaged[10:200] = np.random.default_rng(0).bytes(190)
    (folder / "d.parquet").write_bytes(damaged)
    (folder / "e.parquet").write_bytes(f"{CANARY} is no Parquet".encode())
    traffic.write(
        few.rename_columns([CANARY if name == "prompt_text" else name for name in few.schema.names]), folder / "f.arrow"
    )
    return folder


def test_canaries_in_prompts_are_nowhere(planted: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    commands: list[list[Any]] = [["score", planted, "--out", out, "--state", state], ["report", out]]
    said = []
    for arguments in commands:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        said.append(result.output)
        assert isinstance(result.exception, SystemExit | None)
    families = traffic.tables_of(out)["families"].to_pylist()
    for row in families:
        said.append(CliRunner().invoke(main, ["explain", str(out), "--family", str(row["family_id"])]).output)
    for row in traffic.tables_of(out)["campaigns"].to_pylist():
        said.append(CliRunner().invoke(main, ["explain", str(out), "--campaign", str(row["campaign_id"])]).output)
    said.append(CliRunner().invoke(main, ["explain", str(out), "--account", "narrow-001"]).output)
    traffic.check_accounts_of_rows(out)
    assert len(traffic.manifest(out)["inputs"]) == 6
    assert leaked(*said, *capfd.readouterr()) == []
    assert leaked(traffic.everything_written(out), traffic.everything_written(state)) == []
    # The search would find it: the frame of 25 accounts is shown, that of 19 is not.
    assert {row["accounts"] for row in families} >= {25, 19, 5}
    assert [row["accounts"] for row in families if row["template"] is not None] == [25]
    assert SHOWN.encode() in traffic.everything_written(out)
    assert SHOWN.encode() not in traffic.everything_written(state)
    assert leaked((planted / "b.jsonl").read_bytes())


def chat(number: int) -> bytes:
    """One line of an OpenAI-style log with a canary in its system message and in all that was said."""
    messages = [
        {"role": "system", "content": f"You are {CANARY}, the butler."},
        {"role": "user", "content": f"{CANARY} greets {number}"},
        {"role": "assistant", "content": f"Good day, {CANARY}."},
        {"role": "user", "content": f"what is {CANARY} times {number} and why does it matter so much"},
    ]
    stamp = f"2026-11-16T00:{number % 60:02d}:00Z"
    request = {"model": "model-a", "messages": messages}
    return orjson.dumps({"timestamp": stamp, "user_id": f"user-{number % 15}", "request": request})


def test_canaries_in_system_messages_are_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log, out, state = tmp_path / "log.jsonl", tmp_path / "out", tmp_path / "state"
    log.write_bytes(b"\n".join([*map(chat, range(120)), b'{"request": "' + CANARY.encode()]))
    arguments = ["score", str(log), "--out", str(out), "--state", str(state), "--columns", "openai"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert traffic.manifest(out)["scored"] == 120
    assert leaked(result.output, *capfd.readouterr()) == []
    assert leaked(traffic.everything_written(out), traffic.everything_written(state)) == []


@pytest.mark.parametrize("accounts", [19, 20])
def test_a_template_needs_twenty_accounts(accounts: int, tmp_path: Path) -> None:
    rows = traffic.campaign(
        accounts, 5, 3, frame=f"Tell the {CANARY} story of all the {CANARY} kings, every one of them: "
    )
    log = traffic.write(traffic.table(rows), tmp_path / "log.parquet")
    arguments = ["score", str(log), "--out", str(tmp_path / "out"), "--state", str(tmp_path / "state")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert bool(leaked(traffic.everything_written(tmp_path / "out"))) == (accounts == 20)
    assert leaked(traffic.everything_written(tmp_path / "state")) == []
