"""The page of columns is what the tables say."""

from pathlib import Path

from gauger.results.dictionary import SCHEMAS, page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "tables.md"


def test_the_page_is_as_the_tables_are() -> None:
    assert PAGE.read_text() == page(), "make it again: python -m gauger.results.dictionary > docs/reference/tables.md"


def test_every_column_is_in_it() -> None:
    text = page()
    for schema in SCHEMAS.values():
        assert all(f"| `{name}` |" in text for name in schema.names)
