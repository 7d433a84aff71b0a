"""A finished run, read back: frames of other libraries without a cast, and a notebook's view that escapes."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

import gauger
from gauger.batch import outputs
from gauger.batch.score import score
from gauger.engine.common.errors import InputError
from gauger.engine.common.settings import Settings
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.results.dictionary import MANIFEST, SCHEMAS
from gauger.results.run import Run
from gauger.simulate import CampaignSpec, simulate
from tests.bindings import traffic

HELD = ("accounts", "families", "campaigns", "ranks", "quarantine")
NAMES = (*HELD, "edges", "neighbours", "features")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    specs = [CampaignSpec("template", 30, 20)]
    paths = simulate(folder / "logs", calls=2_000, seed=3, campaigns=specs, reference_days=1, reference_calls=2_000)
    settings = Settings(reference_accounts_min=50, alarm_level=0.02)
    for log, name in ((paths.reference[0], "before"), (paths.day, "out")):
        score([log], folder / name, state=folder / "state", settings=settings, local=Local(features=True))
    return folder / "out"


@pytest.fixture(scope="module")
def run(out: Path) -> Run:
    return gauger.read_run(str(out))


@pytest.mark.parametrize("name", NAMES)
def test_files_say_what_their_columns_are(out: Path, name: str) -> None:
    assert all(field.metadata[b"description"] for field in pq.read_schema(out / f"{name}.parquet"))


@pytest.mark.parametrize("name", [*NAMES, "calls"])
def test_pandas_reads_files_without_a_cast(out: Path, name: str) -> None:
    frame = pd.read_parquet(out / (name if name == "calls" else f"{name}.parquet"))
    schema = pq.read_schema(next((out / name).glob("*.parquet")) if name == "calls" else out / f"{name}.parquet")
    wanted = {pa.int32(): "Int32", pa.int64(): "Int64", pa.bool_(): "boolean", pa.float64(): "float64"}
    for field in schema:
        if field.type in wanted:
            assert str(frame.dtypes[field.name]) == wanted[field.type], field.name


@pytest.mark.parametrize("name", [*NAMES, "calls"])
def test_duckdb_reads_files_without_a_cast(out: Path, name: str) -> None:
    path = out / ("calls/*.parquet" if name == "calls" else f"{name}.parquet")
    schema = pq.read_schema(next((out / name).glob("*.parquet")) if name == "calls" else path)
    found = duckdb.sql(f"select * from read_parquet('{path}')")
    kinds = {pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}
    assert found.columns == schema.names
    for field, kind in zip(schema, found.types, strict=True):
        assert field.type not in kinds or str(kind) == kinds[field.type], field.name
    rows = sum(pq.read_metadata(one).num_rows for one in path.parent.glob(path.name))
    assert duckdb.sql(f"select count(*) from read_parquet('{path}')").fetchall() == [(rows,)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_keeps_its_types_where_nothing_is_known(name: str, tmp_path: Path) -> None:
    """Those of ``gauger week``, too: a column of nulls is no column of floating-point numbers."""
    path = tmp_path / f"{name}.parquet"
    schema = pa.schema([field for field in SCHEMAS[name] if not pa.types.is_fixed_size_list(field.type)])  # no nulls
    outputs.write_result(path, pa.table([pa.nulls(2, kind) for kind in schema.types], schema=schema))
    frame, polars = pd.read_parquet(path), pl.read_parquet(path).schema
    duck = dict(zip(schema.names, duckdb.sql(f"select * from read_parquet('{path}')").types, strict=True))
    expected = {
        pa.int32(): ("Int32", pl.Int32, "INTEGER"),
        pa.int64(): ("Int64", pl.Int64, "BIGINT"),
        pa.bool_(): ("boolean", pl.Boolean, "BOOLEAN"),
        pa.float64(): ("float64", pl.Float64, "DOUBLE"),
    }
    known = [field for field in schema if field.type in expected]
    assert known or name == "edges"
    for field in known:
        found = (str(frame.dtypes[field.name]), polars[field.name], str(duck[field.name]))
        assert found == expected[field.type], field.name


def test_scikit_learn_fits_what_is_there(run: Run, out: Path) -> None:
    """Statistics of accounts and of their neighbours, as frames of pandas, nulls and all."""
    own, near = run.pandas("accounts"), run.pandas("neighbours")
    assert own["account_id"].equals(near["account_id"])
    both = own[run.statistics].join(near[run.statistics].add_suffix(" of neighbours")).dropna(axis=1, how="all")
    model = HistGradientBoostingClassifier(max_iter=5).fit(both, own["campaign_id"].notna())
    assert model.score(both, own["campaign_id"].notna()) > 0.9


def test_neighbours_are_those_of_the_edges(run: Run) -> None:
    """What is said of neighbours, counted again with the tables alone."""
    features = run.polars("features")
    own = dict(zip(features["account_id"], features["features"].to_numpy(), strict=True))
    means = dict(zip(features["account_id"], features["neighbour_features"].to_numpy(), strict=True))
    near: dict[str, list[str]] = {}
    for row in run.polars("edges").filter(kind="content").iter_rows(named=True):
        near.setdefault(row["account_id"], []).append(row["neighbour_id"])
    counts = dict(zip(features["account_id"], features["neighbours"], strict=True))
    assert {name: number for name, number in counts.items() if number} == {
        name: len(others) for name, others in near.items()
    }
    assert near.keys() <= own.keys()
    for name, others in near.items():
        expected = np.mean([own[other] for other in others], axis=0)
        np.testing.assert_allclose(means[name], expected, atol=1e-6)
    counted = run.pandas("neighbours").set_index("account_id")
    assert {name: int(number) for name, number in counted["neighbours"].items() if number} == {
        name: len(others) for name, others in near.items()
    }
    calls = run.pandas("accounts").set_index("account_id")["calls_log2"]
    for name, others in near.items():
        assert counted.loc[name, "calls_log2"] == pytest.approx(calls[others].mean())


def test_features_go_into_a_model_as_they_are(run: Run) -> None:
    polars, pandas = run.polars("features")["features"].to_numpy(), np.stack(run.pandas("features")["features"])
    assert polars.dtype == np.float32
    assert polars.shape == (run.table("features").num_rows, 656)
    np.testing.assert_array_equal(polars, pandas)
    np.testing.assert_allclose(np.linalg.norm(polars, axis=1), 1.0, atol=1e-5)


def test_features_that_nobody_asked_for(out: Path) -> None:
    """A run without them removes those of an earlier one."""
    log = traffic.write(traffic.table(traffic.honest(8, 6, 1)), out.parent / "log.parquet")
    found = score([log], out.parent / "again", local=Local(features=True))
    assert (out.parent / "again" / "features.parquet").exists()
    assert "features.parquet is empty: features are of accounts that are compared with a reference" in found.warnings
    score([log], out.parent / "again")
    with pytest.raises(gauger.GaugerError, match=r"features.parquet is missing: score again with --features"):
        gauger.read_run(out.parent / "again").table("features")


def test_features_of_a_large_day_are_of_some(out: Path, tmp_path: Path) -> None:
    settings = Settings(reference_accounts_min=20, reference_accounts_max=20, neighbours=(5, 10), alarm_level=0.06)
    log, state = sorted((out.parent / "logs" / "day").iterdir())[0], StateDirectory(out.parent / "state")
    found = score([log], tmp_path / "out", state=state, settings=settings, local=Local(features=True))
    rows = gauger.read_run(tmp_path / "out").table("features").num_rows
    compared = found.result.accounts.num_rows - found.result.accounts["evidence"].null_count
    assert 40 <= rows < compared
    assert any(one.startswith(f"features.parquet has {rows} of the {compared} accounts") for one in found.warnings)


@pytest.mark.parametrize("name", NAMES)
def test_polars_reads_files_without_a_cast(out: Path, name: str) -> None:
    schema = pl.read_parquet(out / f"{name}.parquet").schema
    kinds = {pa.int64(): pl.Int64, pa.int32(): pl.Int32, pa.float64(): pl.Float64, pa.bool_(): pl.Boolean}
    for field in pq.read_schema(out / f"{name}.parquet"):
        assert field.type not in kinds or schema[field.name] == kinds[field.type], field.name


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_the_tables(run: Run, name: str) -> None:
    table = run.table(name)
    assert run.polars(name).to_dicts() == pl.from_arrow(table).to_dicts()
    frame = run.pandas(name)
    for column in table.column_names:
        if pa.types.is_integer(table[column].type):
            assert [None if value is pd.NA else value for value in frame[column]] == table[column].to_pylist()


def test_statistics_go_into_arithmetic_as_they_are(run: Run) -> None:
    matrix = run.pandas("accounts")[run.statistics].to_numpy()
    assert matrix.dtype == float
    assert matrix.shape == (run.accounts.num_rows, len(run.statistics))


def test_calls_are_read_as_far_as_asked(run: Run) -> None:
    assert run.calls().count_rows() == run.manifest["scored"]
    assert run.calls().head(3, columns=["account_id"]).num_rows == 3


def test_an_unknown_table(run: Run) -> None:
    with pytest.raises(InputError, match="colours: no table; there are accounts"):
        run.table("colours")


def test_every_key_of_the_manifest_is_described(run: Run) -> None:
    assert run.manifest.keys() <= MANIFEST.keys()


def test_a_notebook_shows_findings_and_runs_nothing(run: Run, tmp_path: Path) -> None:
    many = pa.concat_tables([run.campaigns.slice(0, 1)] * 22)
    hostile = many.set_column(
        run.campaigns.column_names.index("explanation"),
        "explanation",
        pa.array(["<script>alert(1)</script>"] * 22, pa.string()),
    ).set_column(many.column_names.index("calls"), "calls", pa.array([12_345] * 22))
    manifest = run.manifest | {"warnings": ["<script>\x1b[2J"]}
    shown = replace(run, folder=tmp_path / "<b>", campaigns=hostile, manifest=manifest)._repr_html_()
    assert "12,345" in shown
    assert "2 weaker ones" in shown
    assert "Read first" in shown
    assert "\x1b" not in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    counted = ", ".join(f"{run.table(name).num_rows:,} {name}" for name in HELD)
    assert repr(run) == f"<run of {run.manifest['scored']:,} calls in {run.folder}: {counted}>"


def test_a_run_that_did_not_finish(out: Path, tmp_path: Path) -> None:
    with pytest.raises(gauger.GaugerError, match="no finished run"):
        gauger.read_run(tmp_path)
    assert outputs.MANIFEST in {path.name for path in out.iterdir()}
