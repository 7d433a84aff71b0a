"""Rows, filters, null markers and names of any case; and that every record is accounted for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.logs import readers, shaping
from gauger.logs.columns import load_column_map
from tests.bindings.logs.mapped import BASE, call, mapped, outcome, written

COLUMNS = f"[columns]{BASE}"


def said(rows: list[dict[str, Any] | str]) -> list[str]:
    return [one if isinstance(one, str) else one["prompt_text"] for one in rows]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ('equals = "chat"', [0]),
        ('equals = "chat"\nnot = true', [1, 2, 3]),
        ("equals = 200", [1]),
        ('in = ["chat", "200"]', [0, 1]),
        ("""matches = "^(?:ch|em)" """, [0, 2]),
        ("present = true", [0, 1, 2]),
        ("present = false", [3]),
    ],
)
def test_filters_leave_rows_out_with_a_reason(condition: str, kept: list[int], tmp_path: Path) -> None:
    records = [call(0, kind="chat"), call(1, kind=200), call(2, kind=["x", "embedding"]), call(3)]
    found = said(mapped(tmp_path, f'[[where]]\npath = "kind"\n{condition}\n{COLUMNS}', *records))
    assert found == [f"Why {number}?" if number in kept else shaping.LEFT_OUT for number in range(4)]


def test_all_filters_must_hold(tmp_path: Path) -> None:
    text = f'[[where]]\npath = "a"\nequals = true\n[[where]]\npath = "b"\npresent = true\n{COLUMNS}'
    found = said(mapped(tmp_path, text, call(a=True, b=1), call(a=True), call(a=False, b=1)))
    assert found == ["Why 0?", shaping.LEFT_OUT, shaping.LEFT_OUT]


def test_each_element_of_a_list_is_a_row(tmp_path: Path) -> None:
    batch = {"host": "h", "ts": 1, "Records": [call(0), call(1)]}
    text = f'rows = "Records"\n{COLUMNS}org_id = "host"\n'
    first, second = mapped(tmp_path, text, batch)
    assert isinstance(first, dict)
    assert (first["org_id"], *said([first, second])) == ("h", "Why 0?", "Why 1?")
    assert first["start_time"].year == 2026  # the element's own, not that around it


@pytest.mark.parametrize("prompt", ['{"a": 1}', "{ half", "f() { }", '["One?"]'])
def test_a_prompt_that_looks_like_a_record_is_a_prompt(prompt: str, tmp_path: Path) -> None:
    text = 'rows = "body.q"\n[columns]\nstart_time = "ts"\naccount_id = "who"\nprompt_text = "body.q"\n'
    assert said(mapped(tmp_path, text, call(body={"q": [prompt]}), call(body={"q": prompt}))) == [prompt, prompt]


@pytest.mark.parametrize("wrap", [dict, lambda one: orjson.dumps(one).decode(), lambda one: f" {json.dumps(one)}\n"])
def test_an_object_in_the_place_of_the_list_is_a_row(wrap: Callable[[Any], Any], tmp_path: Path) -> None:
    text = f'rows = "log.line"\n{COLUMNS}org_id = "host"\nclient_address = "log.line.ip"\n'
    [row] = mapped(tmp_path, text, {"host": "h", "ts": 1, "log": {"line": wrap(call(ip="10.1.2.3")), "n": 1}})
    assert (row["org_id"], row["prompt_text"], row["client_address"]) == ("h", "Why 0?", "10.1.2.3")
    assert row["start_time"].year == 2026


def test_half_of_an_object_says_so_and_other_text_is_a_row(tmp_path: Path) -> None:
    line = orjson.dumps(call()).decode()
    rows = mapped(
        tmp_path,
        f'rows = "log"\n{COLUMNS}',
        *({"ts": 1_795_000_000, "log": one} for one in (line[:9], line[9:], "[1", "started {}", line)),
    )
    half = shaping.HALF.format("log")
    assert said(rows) == [half, half, half, "account_id is missing", "Why 0?"]


def test_fields_and_values_in_lists_are_an_object(tmp_path: Path) -> None:
    fields = [{"field": name, "value": value} for name, value in call().items()]
    assert said(mapped(tmp_path, f'rows = "results"\n{COLUMNS}', {"results": [fields, fields]})) == ["Why 0?"] * 2


def test_lists_of_prompts_and_lists_inside_lists(tmp_path: Path) -> None:
    records = [call(body={"q": ["One?", "Two?"]}), call(body={"q": "Three?"}), call(body={"q": []})]
    text = 'rows = "body.q"\n[columns]\nstart_time = "ts"\naccount_id = "who"\nprompt_text = "body.q"\n'
    assert said(mapped(tmp_path, text, *records)) == ["One?", "Two?", "Three?", shaping.NO_ROWS]
    deep = {"a": [{"b": [call(0), call(1)]}, {"b": [call(2)]}]}
    assert said(mapped(tmp_path, f'rows = "a.b"\n{COLUMNS}', deep)) == ["Why 0?", "Why 1?", "Why 2?"]


def test_a_list_of_token_ids_is_one_prompt(tmp_path: Path) -> None:
    text = 'rows = "q"\n[columns]\nstart_time = "ts"\naccount_id = "who"\nprompt_token_ids = "q"\n'
    one, *many = mapped(tmp_path, text, call(q=[1, 2]), call(q=[[3, 4], [5]]))
    assert isinstance(one, dict)
    assert [one["prompt_token_ids"], *(row["prompt_token_ids"] for row in many)] == [[1, 2], [3, 4], [5]]


def test_a_record_cannot_become_more_than_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "ROWS_FIELDS_MAX", 5)
    text = f'rows = "r"\n{COLUMNS}'
    assert said(mapped(tmp_path, text, {"r": [call()] * 5}, {"r": [call()] * 6})) == ["Why 0?"] * 5 + [shaping.CROWDED]


def test_the_maps_own_null_markers(tmp_path: Path) -> None:
    text = f'nulls = ["(keiner)"]\n{COLUMNS}'.replace('"who"', '["who", "key"]')
    first, second = mapped(tmp_path, text, call(who=" (keiner) ", key="k"), call(who="(keiner)"))
    assert isinstance(first, dict)
    assert (first["account_id"], second) == ("k", "account_id is missing")


def test_names_in_any_case(tmp_path: Path) -> None:
    text = 'case = "blind"\n[columns]\nstart_time = "ts"\naccount_id = "User.Id"\nprompt_text = "q"\norg_id = "a.b"\n'
    records = [{"TS": 1_795_000_000, "uSER": {"ID": "a"}, "Q": "Why?", "A.B": "o"}]
    [found] = mapped(tmp_path, text, *records)
    assert isinstance(found, dict)
    assert (found["account_id"], found["org_id"]) == ("a", "o")
    assert mapped(tmp_path, text.replace('case = "blind"', ""), call(User={"id": "a"})) == ["no column account_id"]


def test_headers_are_found_in_any_case(tmp_path: Path) -> None:
    text = f'{COLUMNS}user_agent_original = "request.headers.user-agent"\n'
    shapes = [{"User-Agent": ["curl/8"]}, {"USER-AGENT": "curl/8"}, [{"name": "User-Agent", "value": "curl/8"}]]
    for row in mapped(tmp_path, text, *(call(request={"headers": shape}) for shape in shapes)):
        assert isinstance(row, dict)
        assert row["user_agent_original"] == "curl/8"


def test_tables_are_shaped_like_records(tmp_path: Path) -> None:
    records = [
        call(0, kind="x", tags={"org": "o"}),
        call(1, kind="y", tags=None),
        call(2, kind="x", tags={"org": None}),
    ]
    text = f'[[where]]\npath = "kind"\nequals = "x"\n{COLUMNS}org_id = {{ jmespath = "tags.org || \'none\'" }}\n'
    column_map, log = written(tmp_path, text, *records)
    table = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(records), table, row_group_size=2)
    assert outcome(column_map, table) == outcome(column_map, log)
    assert said(outcome(column_map, table)) == ["Why 0?", shaping.LEFT_OUT, "Why 2?"]
    cells = tmp_path / "log.csv"
    cells.write_text("ts,who,q,kind\n1795000000,a-0,Why 0?,x\ntoo,few\n1795000000,a-1,Why 1?,y\n")
    assert said(outcome(column_map, cells)) == ["Why 0?", "row has 2 cells, not 4", shaping.LEFT_OUT]


def test_columns_of_tables_with_dots_and_arrow_values(tmp_path: Path) -> None:
    import datetime
    import decimal

    log = tmp_path / "log.parquet"
    moment = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    row = {"at.ms": moment, "who": decimal.Decimal("12.5"), "q": "Why?"}
    pq.write_table(pa.Table.from_pylist([row]), log)
    column_map, _ = written(
        tmp_path, 'nulls = ["x"]\n[columns]\nstart_time = "at.ms"\naccount_id = "who"\nprompt_text = "q"\n'
    )
    [found] = outcome(column_map, log)
    assert found == {"start_time": moment, "account_id": "12.5", "prompt_text": "Why?"}


def test_prompts_are_found_again(tmp_path: Path) -> None:
    column_map, log = written(tmp_path, f'rows = "r"\n{COLUMNS}', {"r": [call(0), call(1)]}, {"r": [call(2)]})
    import numpy as np

    loaded = load_column_map(str(column_map))
    assert readers.prompts_at(log, loaded, np.array([1, 2])) == {1: "Why 1?", 2: "Why 2?"}
    table = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist([{"r": [call(0), call(1)]}, {"r": [call(2)]}]), table, row_group_size=1)
    assert readers.prompts_at(table, loaded, np.array([2])) == {2: "Why 2?"}
