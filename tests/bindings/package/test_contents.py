"""Contents: every number of the finding, where it comes from, and nothing of anybody else."""

import orjson
import pyarrow.parquet as pq
import pytest

import gauger
from gauger.engine.common.errors import InputError
from gauger.package.contents import contents
from tests.bindings.package.packed import Packed


def test_the_tables_are_the_findings_rows(packed: Packed) -> None:
    run, tables = gauger.read_run(packed.out), packed.package / "tables"
    accounts = pq.read_table(tables / "accounts.parquet")
    assert set(accounts["campaign_id"].to_pylist()) == {1}
    assert accounts.num_rows == run.campaigns["accounts"].to_pylist()[0]
    assert accounts.schema.names == run.accounts.schema.names
    calls = pq.read_table(tables / "calls.parquet")
    assert calls.num_rows == run.campaigns["calls"].to_pylist()[0]
    families = pq.read_table(tables / "families.parquet")
    assert set(families["family_id"].to_pylist()) == set(calls["family_id"].drop_null().to_pylist())
    row = orjson.loads((packed.package / "finding.json").read_bytes())
    assert row["calls"] == calls.num_rows


def test_its_origin_names_inputs_and_code_but_no_folder(packed: Packed) -> None:
    content = (packed.package / "package.json").read_bytes()
    document, manifest = orjson.loads(content), gauger.read_run(packed.out).manifest
    assert str(packed.log.parent).encode() not in content
    assert [one["sha256"] for one in document["inputs"]] == [one["sha256"] for one in manifest["inputs"]]
    assert document["code"] == manifest["code"]
    assert document["settings"]["calls_min"] == 5
    assert document["key_id"] == manifest["key_id"]


def test_no_prompt_is_in_it(packed: Packed) -> None:
    prompts = pq.read_table(packed.log, columns=["prompt_text"])["prompt_text"].to_pylist()
    whole = b"".join(path.read_bytes() for path in packed.package.rglob("*") if path.is_file())
    plain = b"".join(
        str(pq.read_table(path).to_pydict()).encode() for path in (packed.package / "tables").glob("*.parquet")
    )
    longer = [prompt for prompt in prompts if prompt and len(prompt) > 30]
    assert len(longer) > 100
    assert not any(prompt.encode() in whole + plain for prompt in longer)


def test_the_same_run_makes_the_same_bytes(packed: Packed) -> None:
    run = gauger.read_run(packed.out)
    assert contents(run, 1) == contents(run, 1)
    for path, content in contents(run, 1).items():
        assert (packed.package / path).read_bytes() == content


def test_a_finding_that_is_not_there(packed: Packed) -> None:
    with pytest.raises(InputError, match="no finding 4; there are: 1"):
        contents(gauger.read_run(packed.out), 4)
