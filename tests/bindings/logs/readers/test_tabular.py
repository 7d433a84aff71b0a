"""Tabular: columns found in another case, values out of folder names, only what is wanted read."""

from pathlib import Path

import pyarrow as pa
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits
from gauger.logs.readers.tabular import Layout

CANONICAL = load_column_map(None)
PLAIN = Path("a.parquet")


def layout(names: list[str], path: Path = PLAIN, columns: list[str] | None = None) -> Layout:
    return Layout.of(path, pa.schema([(name, pa.string()) for name in names]), CANONICAL, columns)


def test_columns_of_another_case_or_with_white_space_are_found() -> None:
    found = layout(["PROMPT_TEXT", " Account_Id", "GEN_AI.request.Model", "other"])
    assert found.top_level() == ["PROMPT_TEXT", " Account_Id", "GEN_AI.request.Model"]
    assert found.leaves() == sorted(found.top_level())
    batch = pa.record_batch({" Account_Id": ["a"], "PROMPT_TEXT": ["p"], "GEN_AI.request.Model": ["m"]})
    assert found.canonical(batch).to_pylist() == [{"account_id": "a", "prompt_text": "p", "request_model": "m"}]


def test_an_exact_name_comes_first_and_two_alike_are_none() -> None:
    assert layout(["account_id", "ACCOUNT_ID"]).top_level() == ["account_id"]
    assert layout(["Account_Id", "ACCOUNT_ID", "prompt_text"]).top_level() == ["prompt_text"]


def test_structs_in_another_case_are_followed() -> None:
    litellm = load_column_map("litellm")
    kind = pa.struct([("user_api_key_user_id", pa.string()), ("x", pa.string())])
    found = Layout.of(PLAIN, pa.schema([("METADATA", kind)]), litellm, ["account_id"])
    assert "METADATA.user_api_key_user_id" in found.leaves()
    assert "METADATA.x" not in found.leaves()
    batch = pa.record_batch({"METADATA": pa.array([{"user_api_key_user_id": "u", "x": "y"}], kind)})
    assert found.canonical(batch).to_pylist() == [{"account_id": "u"}]


def test_folder_names_give_what_no_column_holds() -> None:
    path = Path("org_id=o/account_id=a/x.parquet")
    found = layout(["prompt_text", "Org_Id"], path)
    assert found.leaves() == ["Org_Id", "prompt_text"]
    batch = pa.record_batch({"prompt_text": ["p", "q"], "Org_Id": ["own", None]})
    assert found.canonical(batch).column("account_id").to_pylist() == ["a", "a"]
    assert found.canonical(batch).column("org_id").to_pylist() == ["own", None]


def test_a_file_with_no_known_column_is_read_for_its_rows() -> None:
    found = layout(["x", "y"])
    assert (found.top_level(), found.leaves()) == (["x"], ["x"])
    assert found.canonical(pa.record_batch({"x": ["1", "2"]})).num_rows == 2


def test_columns_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COLUMNS_MAX", 3)
    with pytest.raises(InputError, match=r"^a\.parquet: more than 3 columns"):
        layout(["a", "b", "c", "d"])
