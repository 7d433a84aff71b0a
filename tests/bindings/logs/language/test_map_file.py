"""Map files: the examples of their page, extending, errors with their place, and the published schema."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from gauger.engine.common.errors import ColumnMapError
from gauger.engine.intake.conversation import INJECTED
from gauger.logs import column_maps
from gauger.logs.column_map import Csv
from gauger.logs.columns import Source, load_column_map
from gauger.logs.language import map_schema
from tests.bindings.logs.mapped import BASE, call, mapped, outcome, written

PAGE = Path(__file__).parents[4] / "docs" / "columns.md"
EXAMPLE = re.compile(r"```toml\n(.*?)```\s+```(json|csv|log)\n(.*?)```\s+```text\n(.*?)```", re.S)
EXAMPLES = EXAMPLE.findall(PAGE.read_text())
SCHEMA = json.loads((Path(column_maps.__file__).parent / "schema.json").read_text())


@pytest.mark.parametrize(("text", "kind", "log", "expected"), EXAMPLES)
def test_examples_of_the_page(text: str, kind: str, log: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(text)
    path = tmp_path / f"log.{kind}"
    path.write_text(log)
    first = outcome(tmp_path / "map.toml", path)[0]
    if isinstance(first, str):
        assert first == expected.strip()
        return
    for line in expected.strip().splitlines():
        name, value = line.split(" = ", 1)
        assert str(first[name]) == value.replace("\\n", "\n")


def test_every_map_of_the_page_is_an_example() -> None:
    assert len(EXAMPLES) == PAGE.read_text().count("```toml") > 10


def test_a_map_on_top_of_another_file(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text(f'rows = "r"\nnulls = ["x"]\n[conversation]\nturns = "last"\n[columns]{BASE}org_id = "org"\n')
    (tmp_path / "more").mkdir()
    text = 'extends = "../base.toml"\nnulls = ["y"]\n[columns]\naccount_id = "key"\norg_id = []\n'
    column_map, _ = written(tmp_path / "more", text)
    found = load_column_map(str(column_map))
    assert found.columns["account_id"] == (Source("key"),)
    assert "org_id" not in found.columns
    assert (found.shape.rows, found.shape.nulls, found.rules.turns) == (("r",), {"x", "y"}, "last")
    assert found.own == ("account_id", "org_id")


def test_maps_do_not_extend_each_other_in_a_circle(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('extends = "map.toml"\n[columns]\naccount_id = "a"\n')
    with pytest.raises(ColumnMapError, match="in a circle"):
        load_column_map(str(path))
    path.write_text('extends = "opnai"\n')
    with pytest.raises(ColumnMapError, match="opnai: no such column map; did you mean openai"):
        load_column_map(str(path))


def test_a_map_that_only_extends_is_its_base(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('extends = "litellm"\n')
    found = load_column_map(str(path))
    assert found.columns == load_column_map("litellm").columns
    assert not found.is_shaped


def test_injected_elements_are_added(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(f'[conversation]\ninjected = ["hint"]\n[columns]{BASE}')
    assert load_column_map(str(path)).rules.injected == (*INJECTED, "hint")


def test_csv_dialects_are_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(f'[csv]\ndelimiter = ";"\nencoding = "cp1252"\n[columns]{BASE}')
    assert load_column_map(str(path)).csv == Csv(";", None, "cp1252")
    log = tmp_path / "log.csv"
    log.write_bytes("ts;who;q\n1795000000;a;Grün?\n".encode("cp1252"))
    [row] = outcome(path, log)
    assert isinstance(row, dict)
    assert row["prompt_text"] == "Grün?"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rowz = 'a'", ":1:1: unknown key rowz; did you mean rows?"),
        ("\nrows = 'a..b'", ":2:1: rows must be names joined by dots"),
        ("case = 'upper'", ":1:1: case must be"),
        ("nulls = [1]", ":1:1: nulls must be a list of texts"),
        (
            "[[where]]\npath = 'a'\nequals = 1\n[[where]]\npath = 'b'\nequal = 1",
            ":6:1: unknown key equal; did you mean",
        ),
        ("[[where]]\npath = 'a'", ":1:1: a condition has a path and one of"),
        ("[[where]]\npath = 'a'\nmatches = '(?<=a)b'", ":3:1: matches: RE2 does not take"),
        ("[[where]]\npath = 'a'\nin = 'b'", ":3:1: in must be a list"),
        ("[join]\non = 'id'\ncall = 'a'", "with must be names joined by dots"),
        ("line = '^(a)$'", ":1:1: line must name what it finds"),
        ("line = '(?<=a)b'", ":1:1: line: RE2 does not take"),
        ("[csv]\ndelimiter = ';;'", ":2:1: delimiter must be one ASCII character"),
        ("[csv]\nencoding = 'utf-9'", ":2:1: unknown encoding"),
        ("[conversation]\nturns = 'first'", ":2:1: turns must be one of new, last, all"),
        ("[columns]\norg_id = { pth = 'a' }", "column org_id: must be"),
        ("[columns]\norg_id = { path = 'a', mach = 'b' }", ":2:24: column org_id: must be"),
        ("[columns]\norg_id = { path = 'a', match = '(a)(b)' }", ":2:24: match must be a regular expression with one"),
        ("[columns]\norg_id = { path = 'a', zone = 'Mars/Olympus' }", "unknown zone"),
        ("[columns]\norg_id = { path = 'a', format = 'Y' }", "format must be one of strptime"),
        ("[columns]\norg_id = { join = ['a'] }", "join must be a list of two sources"),
        ("[columns]\norg_id = { value = [1] }", "value must be a text"),
        ("[columns]\norg_id = { jmespath = 'a[' }", "not a JMESPath expression"),
        ("[columns]\norg_id = { path = 'a', roles = 'b' }", "roles belong to a path of messages"),
        ("[columns]\n\n  acount_id = 'x'", ":3:3: unknown column acount_id; did you mean account_id?"),
    ],
)
def test_errors_have_their_place(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text if "[columns]" in text else f"{text}\n[columns]{BASE}")
    with pytest.raises(ColumnMapError) as caught:
        load_column_map(str(path))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_published_schema_is_what_the_code_says() -> None:
    assert map_schema.schema() == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_takes_the_maps_that_gauger_takes() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA)
    for text in (
        *(text for text, *_ in EXAMPLES),
        *(column_maps.path_of(name).read_text() for name in column_maps.names()),
    ):
        check.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        "rowz = 'a'",
        "case = 'upper'",
        "[columns]\nacount_id = 'a'",
        "[columns]\norg_id = { path = 'a', join = ['a', 'b'] }",
        "[columns]\norg_id = { path = 'a', as = 'md5' }",
        "[[where]]\npath = 'a'",
        "[join]\non = 'a'\ncall = 'b'",
    ],
)
def test_the_schema_refuses_what_gauger_refuses(text: str, tmp_path: Path) -> None:
    document = tomllib.loads(text if "[columns]" in text else f"{text}\n[columns]{BASE}")
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def test_an_ordinary_map_follows_paths_alone(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(f"[columns]{BASE}")
    assert load_column_map(str(path)).records_of(tmp_path) is None
    rows: list[Any] = mapped(tmp_path, path.read_text(), call())
    assert orjson.dumps(rows)
