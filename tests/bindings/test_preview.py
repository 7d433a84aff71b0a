"""The dry run: what it tells of a log, what it keeps to itself, and when it says that something is wrong."""

from pathlib import Path
from typing import Any

import orjson

from gauger.preview import preview

START = 1_795_000_000
MAP = '[columns]\nstart_time = "ts"\naccount_id = "who"\nprompt_text = "q"\nclient_address = "http.remote_ip"\n'


def log(folder: Path, *records: dict[str, Any], name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return path


def calls(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"ts": START + row, "who": f"secret-{row}", "q": f"Whisper {row}?", **more} for row in range(count)]


def of_map(folder: Path, *records: dict[str, Any], text: str = MAP, **options: Any) -> tuple[list[str], bool]:
    (folder / "map.toml").write_text(text)
    found = preview([log(folder, *records)], str(folder / "map.toml"), **options)
    return found.text.splitlines(), found.is_sound


def test_a_sound_log(tmp_path: Path) -> None:
    lines, is_sound = of_map(tmp_path, *calls(30, http={"remote_ip": "203.0.113.5"}))
    assert is_sound
    assert "columns: map" in lines
    assert f"  {tmp_path}/log.jsonl: jsonl, 30 rows, 30 calls" in lines
    assert "client_address                 30   100 %" in lines
    assert sum("account_id 8#" in line for line in lines) == 10


def test_texts_stay_in_the_log_unless_asked_for(tmp_path: Path) -> None:
    records = calls(3, http={"remote_ip": "203.0.113.5"})
    text = "\n".join(of_map(tmp_path, *records)[0])
    assert "Whisper" not in text
    assert "secret" not in text
    assert "203.0.113.5" not in text
    shown = "\n".join(of_map(tmp_path, *records, show_text=True)[0])
    assert "'Whisper 2?'" in shown


def test_the_same_text_has_the_same_hash_in_one_run_only(tmp_path: Path) -> None:
    same = [{"ts": START, "who": "a", "q": "Why?", "http": {"remote_ip": "203.0.113.5"}}] * 2
    runs = []
    for _ in range(2):
        told = [line.partition("account_id 1#")[2][:6] for line in of_map(tmp_path, *same)[0]]
        runs.append([one for one in told if one])
    assert runs[0][0] == runs[0][1] != runs[1][0]


def test_columns_found_nowhere_are_named_with_near_misses(tmp_path: Path) -> None:
    lines, is_sound = of_map(tmp_path, *calls(3, Http={"Remote_IP": "203.0.113.5"}))
    assert not is_sound
    assert "  client_address (http.remote_ip); near: Http.Remote_IP" in lines


def test_reasons_are_counted(tmp_path: Path) -> None:
    text = MAP.replace('client_address = "http.remote_ip"', "") + '[[where]]\npath = "kind"\npresent = false\n'
    rows = [*calls(20), *calls(2, kind="x"), {"ts": START, "q": "Why?"}]
    lines, is_sound = of_map(tmp_path, *rows, text=text)
    assert is_sound  # one row of 21
    assert "        2  not a call: left out by the map" in lines
    assert "        1  account_id is missing" in lines
    assert not of_map(tmp_path, *rows, *rows[-1:], text=text)[1]


def test_the_map_that_fits_is_taken_and_named(tmp_path: Path) -> None:
    fixture = Path(__file__).parent / "fixtures" / "litellm.jsonl"
    found = preview([fixture])
    assert found.is_sound
    assert found.text.startswith("columns: litellm, which fits best (2 of 2 rows are calls")
    canonical = {"start_time": START, "account_id": "a", "prompt_text": "Why?"}
    assert preview([log(tmp_path, canonical)]).text.startswith("columns: canonical, which fits best")


def test_where_no_map_fits_a_first_one_is_suggested(tmp_path: Path) -> None:
    found = preview([log(tmp_path, {"meta": {"ts": START}, "Customer-Id": "a", "asked": "Why?"})])
    assert not found.is_sound
    assert 'start_time = "meta.ts"' in found.text
    assert 'account_id = "Customer-Id"' in found.text
    assert "# messages = ..." in found.text


def test_files_left_out_and_damaged_are_told(tmp_path: Path) -> None:
    log(tmp_path, *calls(3, http={"remote_ip": "203.0.113.5"}))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "archive.zip").write_bytes(b"PK\x03\x04 and more")
    (tmp_path / "map.toml").write_text(MAP)
    found = preview([tmp_path], str(tmp_path / "map.toml"))
    assert not found.is_sound
    assert "bad.parquet: 0 rows, 0 calls; " in found.text
    assert "archive.zip: left out, " in found.text


def test_a_log_that_cut_its_chats_is_doubted_as_score_does(tmp_path: Path) -> None:
    half = '[{"role": "user", "content": "Sort the'
    rows = [{"start_time": START, "account_id": f"a-{row}", "prompt_text": f"Sort {row}"} for row in range(10)]
    assert preview([log(tmp_path, *rows[2:], *(row | {"prompt_text": half} for row in rows[:2]))]).is_sound
    found = preview([log(tmp_path, *rows[3:], *(row | {"prompt_text": half} for row in rows[:3]))])
    assert not found.is_sound
    assert "\n\nprompts of 3 of 10 accounts begin as a chat in JSON and break off: " in found.text
