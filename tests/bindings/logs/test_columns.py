"""Column maps: the format and its errors."""

from pathlib import Path
from typing import Any

import pytest

from gauger.engine.common.errors import ColumnMapError
from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION
from gauger.logs.columns import Source, first_value, load_column_map, walk


def test_canonical_names_and_dotted_ones_are_found() -> None:
    columns = load_column_map(None).columns
    assert list(columns) == [*CALL_SCHEMA.names, *CONVERSATION]
    record = {"gen_ai.input.messages": '[{"role": "user", "content": "Why?"}]', "gen_ai.request.model": "m"}
    assert first_value(record, columns["messages"]) == record["gen_ai.input.messages"]
    assert first_value(record, columns["request_model"]) == "m"
    assert first_value({"gen_ai": {"request": {"model": "m"}}}, columns["request_model"]) == "m"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", 1),
        ("dotted.name.x", 2),
        ("list.0.c", 3),
        ("list.*.c", [3, 4]),
        ("written.d", 5),
        ("a.b.c", None),
        ("list.9.c", None),
        ("list.c", None),
        ("broken.x", None),
        ("nowhere", None),
    ],
)
def test_walk(path: str, expected: Any) -> None:
    record = {"a": {"b": 1}, "dotted.name.x": 2, "list": [{"c": 3}, {"c": 4}], "written": '{"d": 5}', "broken": "{"}
    assert walk(record, Source(path).steps) == expected


def test_the_first_source_that_holds_something_wins() -> None:
    sources = [Source("a"), Source("b"), Source("c")]
    assert first_value({"a": None, "b": "", "c": "x"}, sources) == "x"
    assert first_value({"a": [], "b": 0}, sources) == 0
    assert first_value({"a": None, "b": ""}, sources) == ""
    assert first_value({}, sources) is None


def test_what_stands_for_nothing_lets_the_next_source_serve() -> None:
    sources = tuple(map(Source, "ab"))
    assert first_value({"a": "default_user_id", "b": "key-1"}, sources, "account_id") == "key-1"
    assert first_value({"a": "\\N", "b": "203.0.113.5"}, sources, "client_address") == "203.0.113.5"
    assert first_value({"a": "{}", "b": "Sort it"}, sources, "prompt_text") == "Sort it"
    assert first_value({"a": "{}"}, sources, "prompt_text") == "{}"
    assert first_value({"a": [""], "b": ["curl/8"]}, sources, "user_agent_original") == "curl/8"


def test_headers_are_found_in_any_case_and_shape() -> None:
    source = Source("request.headers.user-agent")
    for container in (
        {"User-Agent": ["curl/8"]},
        [{"name": "USER-AGENT", "value": "curl/8"}],
        '{"user_agent": "curl/8"}',
    ):
        assert source.value({"request": {"headers": container}}) == "curl/8"
    assert Source("headers.0.name").value({"headers": [{"name": "Accept"}]}) is None


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[columns]\naccount_id = "who"\nprompt_text = { path = "chat", as = "messages" }\n')
    column_map = load_column_map(str(path))
    assert column_map.name == "mine"
    assert column_map.sources(["account_id"]) == {"account_id": (Source("who"),)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("columns = [", "not valid TOML"),
        ("name = 'x'", "no columns"),
        (
            "[columns]\nacount_id = 'x'",
            "toml:2:1: unknown column acount_id; did you mean account_id? known are",
        ),
        ("[columns]\naccount_id = []", "column account_id: names no path"),
        ("[columns]\naccount_id = 3", "column account_id: must be"),
        ("[columns]\naccount_id = { path = 'a', with = 'b' }", "column account_id: must be"),
        ("[columns]\naccount_id = 'a..b'", "column account_id: path must be names joined by dots"),
        (
            "[columns]\naccount_id = { path = 'a', as = 'b' }",
            ":2:28: column account_id: unknown converter b; known are",
        ),
        ("records = 'pages'\n[columns]\naccount_id = 'x'", "records must be one of lines, otlp, otlp_spans"),
        ("colums = 1\n[columns]\naccount_id = 'x'", "unknown key colums"),
    ],
)
def test_errors_say_what_to_do(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(ColumnMapError) as caught:
        load_column_map(str(path))
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_unknown_map_names_the_shipped_ones() -> None:
    with pytest.raises(
        ColumnMapError,
        match="did you mean litellm\\? give a TOML file or one of",
    ):
        load_column_map("litelm")


def test_records_of_otlp_have_an_operation_whether_a_map_names_it_or_not(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('records = "otlp_spans"\n[columns]\naccount_id = "attributes.user.id"\n')
    assert load_column_map(str(path)).columns["operation_name"] == (Source("attributes.gen_ai.operation.name"),)


def test_a_map_of_ones_own_knows_where_large_bodies_lie(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('[columns]\nmessages = ["message.input.inputBodyJson.messages", "other"]\n')
    assert load_column_map(str(path)).columns["messages"][-1] == Source("message.input.inputBodyS3Path", "elsewhere")
