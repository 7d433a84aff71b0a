"""Sources of columns other than paths, in maps and on records."""

from pathlib import Path
from typing import Any

import pytest

from gauger.logs import sources
from gauger.logs.paths import Source
from tests.bindings.logs.mapped import BASE, START, call, mapped


def accounts(folder: Path, source: str, *records: dict[str, Any], name: str = "log.jsonl") -> list[Any]:
    text = f'[columns]\nstart_time = "ts"\nprompt_text = "q"\naccount_id = {source}\n'
    return [one if isinstance(one, str) else one["account_id"] for one in mapped(folder, text, *records, name=name)]


def test_constants_serve_where_nothing_else_does(tmp_path: Path) -> None:
    records = [call(who="a"), call(who=None)]
    assert accounts(tmp_path, '["who", { value = "everybody" }]', *records) == ["a", "everybody"]
    assert accounts(tmp_path, "{ value = 17 }", *records) == ["17", "17"]


def test_values_out_of_the_path_of_the_file(tmp_path: Path) -> None:
    found = accounts(tmp_path, '{ file = "tenant-([a-z]+)/" }', call(), name="tenant-blue/log.jsonl")
    assert found == ["blue"]
    assert accounts(tmp_path, '{ file = "team-([a-z]+)/" }', call()) == ["no column account_id"]


def test_folders_of_a_partitioned_table_are_fields(tmp_path: Path) -> None:
    source = '{ join = ["tenant", "who"], with = ":" }'
    assert accounts(tmp_path, source, call(), name="tenant=blue%20sky/log.jsonl") == ["blue sky:a-0"]


def test_patterns_cut_a_value_out(tmp_path: Path) -> None:
    records = [call(who="user_17_session_9"), call(who="session_9"), call(who=3)]
    found = accounts(tmp_path, """{ path = "who", match = '^user_(\\d+)_' }""", *records)
    assert found == ["17", "account_id is missing", "account_id is missing"]
    assert accounts(tmp_path, """{ path = "who", match = '^\\w+?_' }""", records[0]) == ["user_"]


def test_patterns_take_time_in_the_length_of_the_text_alone() -> None:
    assert sources.found("(a+)+$", "a" * 100_000 + "b") is None
    assert sources.found("a", "b" * sources.TEXT_MAX + "a") is None  # longer than is looked at
    assert sources.found("(a)", "\ud800a") is None


def test_several_values_are_one_text_or_nothing(tmp_path: Path) -> None:
    records = [call(org="o", key=7), call(org="o"), call(org="", key=7)]
    found = accounts(tmp_path, '{ join = ["org", { path = "key" }], with = "/" }', *records)
    assert found == ["o/7", "account_id is missing", "account_id is missing"]


def test_expressions(tmp_path: Path) -> None:
    tags = [{"name": "x", "value": "y"}, {"name": "user", "value": "a-9"}]
    source = """{ jmespath = "tags[?name=='user'].value | [0]" }"""
    assert accounts(tmp_path, source, call(tags=tags), call(tags=3)) == ["a-9", "account_id is missing"]
    assert sources.Expression("length(a)").value({"a": 3}) is None
    assert set(sources.Expression("a[?b=='c'].d | [0]").paths) == {"*", "a", "b", "d"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20/11/2026 13:00:00", START),
        ("01/07/2026 12:00:00", 1_782_900_000),  # summer time
        ("25/10/2026 02:30:00", f"start_time {sources.AMBIGUOUS}"),
        ("29/03/2026 02:30:00", f"start_time {sources.SKIPPED}"),
        ("2026-11-20", f"start_time {sources.OTHER_FORMAT}"),
        (None, "no column start_time"),
    ],
)
def test_times_of_a_format_and_zone(written: str | None, expected: Any, tmp_path: Path) -> None:
    text = '[columns]\naccount_id = "who"\nprompt_text = "q"\n'
    text += 'start_time = { path = "ts", format = "%d/%m/%Y %H:%M:%S", zone = "Europe/Berlin" }\n'
    [found] = mapped(tmp_path, text, call(ts=written))
    offset = 1_795_176_000 - START if expected == START else 0
    assert found == expected or found["start_time"].timestamp() == expected + offset


def test_a_time_that_cannot_be_used_lets_the_next_source_serve(tmp_path: Path) -> None:
    text = '[columns]\naccount_id = "who"\nprompt_text = "q"\n'
    text += 'start_time = [{ path = "when", format = "%d.%m.%Y" }, "ts"]\n'
    text += 'account_created_at = { path = "when", format = "%Y" }\n'
    [found] = mapped(tmp_path, text, call(when="yesterday"))
    assert isinstance(found, dict)
    assert found["start_time"].timestamp() == START
    assert "account_created_at" not in found


def test_a_zone_without_a_format_is_that_of_iso_times() -> None:
    from zoneinfo import ZoneInfo

    place = sources.Refined(Source("t"), zone=ZoneInfo("Asia/Tokyo"))
    assert place.value({"t": "2026-11-20 09:00"}) == "2026-11-20T09:00:00+09:00"
    assert place.value({"t": "2026-11-20T09:00Z"}) == "2026-11-20T09:00:00+00:00"


def test_roles_and_texts_in_two_lists_are_a_chat(tmp_path: Path) -> None:
    text = '[columns]\nstart_time = "ts"\naccount_id = "who"\n'
    text += 'prompt_text = { path = "messages.content", roles = "messages.role" }\n'
    flat = call(**{"messages.role": ["system", "user", "assistant"], "messages.content": ["Be brief", "Why so?", "So"]})
    nested = call(messages={"role": ["user"], "content": ["Why?"]})
    uneven = call(messages={"role": ["user"], "content": ["Why?", "So"]})
    first, second, third, fourth = mapped(tmp_path, text, flat, nested, uneven, call(messages={"content": "Why?"}))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["prompt_text"], first["context_texts"]) == ("Why so?", ["Be brief\nSo"])
    assert second["prompt_text"] == "Why?"
    assert third == fourth == f"prompt {sources.UNEVEN}"


def test_converters_come_last(tmp_path: Path) -> None:
    import hashlib

    source = """{ path = "who", match = "key-(.*)", as = "sha256" }"""
    assert accounts(tmp_path, source, call(who="key-abc")) == [hashlib.sha256(b"abc").hexdigest()]


def test_base_names_are_found_by_paths_alone(tmp_path: Path) -> None:
    [found] = mapped(tmp_path, f"[columns]{BASE}", call())
    assert isinstance(found, dict)
    assert (found["account_id"], found["prompt_text"]) == ("a-0", "Why 0?")
