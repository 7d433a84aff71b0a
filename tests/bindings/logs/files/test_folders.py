"""Folders: values in names of folders, decoded, the nearest counting; only those a map looks for."""

from pathlib import Path

from gauger.logs.columns import load_column_map
from gauger.logs.files import folders


def test_values_of_folders() -> None:
    path = Path("/tbl/account_id=a%2F1/dt=2026-11-16/account_id=b/x=__HIVE_DEFAULT_PARTITION__/1=2/part=0.parquet")
    assert folders.values_of(path) == {"account_id": "b", "dt": "2026-11-16"}


def test_only_what_is_looked_for() -> None:
    sources = load_column_map(None).sources(["account_id", "prompt_text"])
    assert folders.needed(Path("account_id=a/dt=1/x"), sources) == {"account_id": "a"}
    assert folders.needed(Path("plain/x"), sources) == {}
