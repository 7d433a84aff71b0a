"""Doubts: a log that was not read as it was meant says so, with the exit code and without becoming reference."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from gauger.batch import doubts
from gauger.batch.inputs import Input
from gauger.batch.score import Run, score
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.segments.segment import Account, Tally
from gauger.logs.columns import load_column_map
from tests.bindings import traffic

IDENTITY = load_column_map(None)


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves a key behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


def written(rows: Sequence[dict[str, Any]], path: Path) -> Path:
    """Rows as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def calls(accounts: int, each: int, **more: Any) -> list[dict[str, Any]]:
    """Calls of an hour, every prompt another."""
    return [
        {
            "start_time": (traffic.DAY + dt.timedelta(seconds=number)).isoformat(),
            "account_id": f"account-{number % accounts}",
            "prompt_text": f"Which tray takes parcel {number} from gate {number * 7 % 91}?",
            **{name: value(number) if callable(value) else value for name, value in more.items()},
        }
        for number in range(accounts * each)
    ]


def run_of(rows: Sequence[dict[str, Any]], folder: Path, **options: Any) -> Run:
    return score([written(rows, folder / "log.jsonl")], folder / "out", state=folder / "state", **options)


def kept(folder: Path) -> list[dt.date]:
    return StateDirectory(folder / "state").days()


# Whole runs


def test_a_sound_log_has_none_and_is_kept(tmp_path: Path) -> None:
    run = run_of(calls(12, 5, client_address="203.0.113.5:51234", org_id=lambda number: f"key-{number}"), tmp_path)
    assert run.doubts == run.manifest["warnings"] == []
    assert kept(tmp_path) == [traffic.DAY.date()]
    filled = {"start_time": 1.0, "account_id": 1.0, "prompt_text": 1.0, "client_address": 1.0, "org_id": 1.0}
    assert run.manifest["columns"] == filled


def test_a_log_without_its_prompts_is_said_and_not_kept(tmp_path: Path) -> None:
    rows = calls(12, 5)
    rows[::5] = [row | {"prompt_text": "[REDACTED]"} for row in rows[::5]]
    run = run_of(rows, tmp_path)
    assert run.doubts == ["12 of 60 rows refused: prompt is a placeholder (12)"]
    assert run.warnings == ["not kept as reference, because of the warnings above"]
    assert run.manifest["warnings"] == [*run.doubts, *run.warnings]
    assert (run.manifest["scored"], kept(tmp_path)) == (48, [])


def test_one_text_for_nearly_everybody_looks_like_a_placeholder(tmp_path: Path) -> None:
    def text(number: int) -> str:
        return "The text of this call was not kept" if number % 15 < 10 else f"Which tray takes {number}?"

    run = run_of(calls(15, 5, prompt_text=text), tmp_path)
    (doubt,) = run.doubts
    assert doubt.startswith("one text is the prompt of 50 of 75 calls and 10 of 15 accounts: ")
    assert kept(tmp_path) == []


@pytest.mark.parametrize("column", ["api_key_hash", "org_id", "payment_fingerprint"])
def test_one_account_for_several_keys(tmp_path: Path, column: str) -> None:
    rows = calls(1, 30, **{column: lambda number: f"key-{number % 3}"})
    (doubt,) = run_of(rows, tmp_path).doubts
    assert doubt.startswith(f"one account has 30 of 30 calls, while {column} names 3: ")
    (tmp_path / "two").mkdir()
    assert run_of(calls(1, 30, org_id=lambda number: f"key-{number % 2}"), tmp_path / "two").doubts == []


def test_a_column_of_the_users_own_map_that_no_row_has(tmp_path: Path) -> None:
    names = 'start_time = "start_time"\naccount_id = "account_id"\nprompt_text = "prompt_text"\n'
    (tmp_path / "map.toml").write_text(
        f'[columns]\n{names}prompt_token_ids = "ids"\nclient_address = "http.remote_ip"\norg_id = ["pay", "firm"]\n'
    )
    run = run_of(calls(4, 6, Http={"Remote_IP": "203.0.113.5"}), tmp_path, columns=str(tmp_path / "map.toml"))
    assert run.doubts == [
        "client_address (http.remote_ip) was found in no row; near: Http.Remote_IP",
        "org_id (pay, firm) was found in no row",
    ]


def test_a_shipped_map_names_what_logs_need_not_have(tmp_path: Path) -> None:
    rows = [
        {"startTime": row["start_time"], "metadata": {"user_api_key_user_id": row["account_id"]}, "messages": "Sort it"}
        for row in calls(4, 6)
    ]
    assert run_of(rows, tmp_path, columns="litellm").doubts == []


def test_values_that_are_not_what_the_column_holds(tmp_path: Path) -> None:
    run = run_of(calls(4, 6, client_address=lambda number: "the office" if number % 3 else "203.0.113.5"), tmp_path)
    assert run.doubts == ["client_address: 16 of its 24 values cannot be read, and they are left out"]


HALF = '[{"role": "user", "content": "Sort the'
SENT = {  # what an account can send to have its rows refused, and how
    "placeholder": ({"prompt_text": "[REDACTED]"}, "prompt is a placeholder"),
    "empty": ({"prompt_text": ""}, "prompt is empty"),
    "half a chat": ({"messages": HALF}, "prompt is a chat that is cut off"),
    "image": (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "prompt holds no text that can be read",
    ),
    "template": ({"messages": {"id": "pmpt_1"}}, "prompt is a stored template's id"),
}


def sent(number: int, what: dict[str, Any]) -> dict[str, Any]:
    """A call of one of twelve accounts with what it sends in the place of a text."""
    (row,) = calls(1, 1)
    own = {"account_id": f"account-{number % 12}", "prompt_text": None, **what}
    return {**row, "start_time": (traffic.DAY + dt.timedelta(seconds=number)).isoformat(), **own}


@pytest.mark.parametrize("what", SENT)
def test_one_account_keeps_no_day_out_by_what_it_sends(what: str, tmp_path: Path) -> None:
    """Half of all rows are refused, and a third of the files give no call."""
    given, reason = SENT[what]
    others = [row for row in calls(12, 6) if row["account_id"] != "account-7"]
    own = [sent(12 * number + 7, given) for number in range(66)]
    logs = [written(rows, tmp_path / f"{number}.jsonl") for number, rows in enumerate([others, own[:33], own[33:]])]
    run = score(logs, tmp_path / "out", state=tmp_path / "state")
    assert run.manifest["quarantined"] == 66
    assert run.doubts == []
    (warning,) = run.warnings
    assert warning.startswith("most prompts of 1 account were refused, which anybody can bring about: " + reason)
    assert kept(tmp_path) == [traffic.DAY.date()]


@pytest.mark.parametrize("what", SENT)
def test_what_many_accounts_send_speaks_against_the_log(what: str, tmp_path: Path) -> None:
    given, reason = SENT[what]
    rows = [sent(number, given) if number % 5 == 0 else row for number, row in enumerate(calls(12, 6))]
    run = run_of(rows, tmp_path)
    assert run.doubts[0].startswith(f"15 of 72 rows refused: {reason}")
    assert kept(tmp_path) == []


def test_half_a_chat_in_a_column_of_texts_is_what_somebody_wrote(tmp_path: Path) -> None:
    """Unless a fifth of the accounts has it: then the log has cut them."""

    def text(number: int) -> str:
        return HALF + str(number) if number % 50 < 10 else f"Which tray takes {number}?"

    run = run_of(calls(50, 6, prompt_text=text), tmp_path)
    assert (run.manifest["quarantined"], run.manifest["warnings"]) == (0, [])
    assert kept(tmp_path) == [traffic.DAY.date()]
    (tmp_path / "many").mkdir()
    run = run_of(calls(5, 6, prompt_text=lambda number: HALF + str(number)), tmp_path / "many")
    (doubt,) = run.doubts
    assert doubt.startswith("prompts of 5 of 5 accounts begin as a chat in JSON and break off: ")
    assert kept(tmp_path / "many") == []


@pytest.mark.parametrize(
    ("accounts", "some", "is_said"), [(1, 1, True), (3, 1, False), (3, 2, True), (40, 8, False), (40, 9, True)]
)
def test_how_many_accounts_with_half_a_chat_are_too_many(accounts: int, some: int, is_said: bool) -> None:
    assert bool(list(doubts.half_chats(accounts, some))) == is_said


def test_calls_that_say_little_beside_a_picture_are_told_and_kept(tmp_path: Path) -> None:
    def messages(number: int) -> list[dict[str, Any]]:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgoA" * 9}}
        text = {"type": "text", "text": f"What is in tray {number}?"}
        return [{"role": "user", "content": [text, image] if number % 3 else [text]}]

    run = run_of(calls(12, 6, prompt_text=None, messages=messages), tmp_path)
    assert run.manifest["columns"]["attachments"] == pytest.approx(2 / 3, abs=1e-5)
    (warning,) = run.warnings
    assert warning.startswith("67% of the calls carry an image, audio or another file that holds no text: ")
    assert (run.doubts, kept(tmp_path)) == ([], [traffic.DAY.date()])
    _, account = rows_of((100, 0, 0))
    account.fill("attachments", 50, 50)
    assert list(doubts.unseen(account)) == []


def test_settings_that_one_client_writes_wrongly_are_no_doubt(tmp_path: Path) -> None:
    run = run_of(calls(12, 6, request_temperature=lambda number: "hot" if number % 12 < 2 else 0.5), tmp_path)
    assert run.doubts == []
    (tmp_path / "all").mkdir()
    assert len(run_of(calls(12, 6, request_temperature="hot"), tmp_path / "all").doubts) == 1


# The sentences, from accounts of rows


def rows_of(*files: tuple[int, int, int], bytes_: int = 9, error: str | None = None) -> tuple[list[Input], Account]:
    """Inputs of so many scored, refused and left-out rows, and their account."""
    account = Account()
    for number, (scored, refused, left_out) in enumerate(files):
        account.files[number] = Tally(rows=scored + refused + left_out, scored=scored, ended=True)
        account.refuse(number, range(refused), [f"reason {row % 5}" for row in range(refused)])
        account.refuse(number, range(left_out), ["not a call: tool"] * left_out)
    inputs = [Input(Path(f"{number}.jsonl"), bytes_, error=error) for number in range(len(files))]
    for item, tally in zip(inputs, account.files.values(), strict=True):
        item.rows, item.scored, item.quarantined, item.left_out = (
            tally.rows,
            tally.scored,
            tally.refused,
            tally.left_out,
        )
    return inputs, account


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([(95, 5, 0)], []),
        ([(94, 6, 0)], ["6 of 100 rows refused: reason 0 (2); reason 1 (1); reason 2 (1); other reasons (2)"]),
        ([(94, 6, 900)], ["6 of 100 rows refused: reason 0 (2); reason 1 (1); reason 2 (1); other reasons (2)"]),
        ([(980, 0, 0), (18, 2, 0)], ["1.jsonl: 2 of 20 rows refused: reason 0 (1); reason 1 (1)"]),
        ([(980, 0, 0), (17, 2, 0)], []),
        ([(0, 0, 0)], ["no call in 1 file: nothing to read"]),
        ([(0, 0, 7), (0, 0, 0)], ["no call in 2 files: 7 rows read, none of them a call"]),
    ],
)
def test_refused_rows(files: list[tuple[int, int, int]], expected: list[str]) -> None:
    assert list(doubts._rows(*rows_of(*files), 0)) == expected


@pytest.mark.parametrize(("senders", "is_said"), [(10, False), (11, False), (12, True)])
def test_a_file_speaks_against_the_log_by_what_more_than_ten_accounts_send(senders: int, is_said: bool) -> None:
    """Of the twenty rows of a quiet hour one is five in a hundred."""
    inputs, account = rows_of((980, 0, 0), (20, 0, 0))
    account.refuse(1, range(senders), ["prompt is empty"] * senders, [f"sender-{place}" for place in range(senders)])
    inputs[1].rows, inputs[1].quarantined = 20 + senders, senders
    assert bool(list(doubts._rows(inputs, account, 9))) == is_said


def test_many_files_with_refused_rows_are_not_all_named() -> None:
    found = list(doubts._rows(*rows_of((9_000, 0, 0), *[(18, 2, 0)] * 9), 0))
    assert [sentence.split(":")[0] for sentence in found[:3]] == ["1.jsonl", "2.jsonl", "3.jsonl"]
    assert found[3:] == ["6 files more with more than 5% of their rows refused"]


def test_files_with_an_error_have_said_it() -> None:
    inputs, account = rows_of((0, 30, 0), (50, 0, 0), error="0.jsonl: no column account_id")
    inputs[1].error = None
    assert list(doubts._rows(inputs, account, 0)) == []
    assert list(doubts._files(inputs, account, 0)) == []
    assert doubts.unread(inputs) == "1 of 2 files could not be read"
    assert doubts.unread([*inputs, *rows_of(*[(9, 0, 0)] * 30)[0]]) is None


def test_files_without_a_call_are_named_where_they_are_many() -> None:
    assert list(doubts._files(*rows_of((50, 0, 0), (0, 0, 0), (0, 0, 9)), 0)) == ["1 of 3 files gave no call: 1.jsonl"]
    assert list(doubts._files(*rows_of((50, 0, 0), (0, 0, 0), bytes_=0), 0)) == []
    assert list(doubts._files(*rows_of(*[(50, 0, 0)] * 20, (0, 0, 0)), 0)) == []
    (named,) = doubts._files(*rows_of((50, 0, 0), *[(0, 1, 0)] * 5), 0)
    assert named == "5 of 6 files gave no call: 1.jsonl, 2.jsonl, 3.jsonl and 2 more"


def test_no_sentence_quotes_a_value(tmp_path: Path) -> None:
    canary = "canary-7f3a"
    rows = calls(4, 6, account_id=lambda n: canary if n % 2 else None, client_address=canary, prompt_text=canary)
    assert canary not in "".join(run_of(rows, tmp_path).manifest["warnings"])


def test_shares_are_of_what_may_be_a_call() -> None:
    _, account = rows_of((6, 2, 9))
    account.fill("client_address", 5, 4)
    account.fill("account_id", 8, 8)
    assert doubts.filled(account) == {"account_id": 1.0, "client_address": 0.5}
