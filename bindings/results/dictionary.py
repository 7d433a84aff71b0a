"""The page of all output columns, made from what the tables say of themselves.

python -m gauger.results.dictionary > docs/reference/tables.md
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from gauger.batch.week import SCHEMAS as WEEK
from gauger.engine.results import tables
from gauger.engine.results.columns import described
from gauger.engine.statistics.registry import STATISTICS

_STATISTICS = [pa.field(name, pa.float64()) for name in STATISTICS]
SCHEMAS: dict[str, pa.Schema] = {
    "accounts": pa.schema([*tables.ACCOUNTS_HEAD, *_STATISTICS, *tables.ACCOUNTS_TAIL]),
    "families": tables.FAMILIES,
    "campaigns": tables.CAMPAIGNS,
    "calls": tables.CALLS,
    "ranks": tables.RANKS,
    "edges": tables.EDGES,
    "neighbours": pa.schema([*tables.NEIGHBOURS_HEAD, *_STATISTICS]),
    "features": tables.FEATURE_ROWS,
    "quarantine": tables.QUARANTINE,
    **WEEK,
}
_FILES = {
    "accounts": "accounts.parquet: one row an account",
    "families": "families.parquet: one row a family of prompts",
    "campaigns": "campaigns.parquet: one row a finding",
    "calls": "calls/*.parquet: one row a call",
    "edges": "edges.parquet: one row a pair of accounts and what joins them, both ways",
    "neighbours": "neighbours.parquet: one row an account, each statistic the mean over its neighbours",
    "features": "features.parquet, of `gauger score --features`: one row an account that was compared",
    "ranks": "ranks.parquet: one row an account of a finding and a statistic",
    "quarantine": "quarantine.parquet: one row a row that could not be scored",
    "week_accounts": "week_accounts.parquet, of `gauger week`: one row an account",
    "week_findings": "week_findings.parquet, of `gauger week`: one row a finding",
}
MANIFEST = {
    "gauger": "version of gauger",
    "inputs": "files in the order of `file`, each with its rows, what became of them, and its error if it has one",
    "rows": "rows read",
    "scored": "rows scored",
    "quarantined": "rows that could not be scored",
    "left_out": "rows that are no calls, or were delivered again, by kind",
    "columns": "share of rows in which each column says something",
    "accounts": "accounts",
    "flagged_accounts": "accounts below the alarm level",
    "families": "families of prompts",
    "findings": "findings",
    "window": "time of the first and of the last call",
    "strays": "calls outside the days that the run is about; null for none",
    "reference": "days and accounts compared with; null without",
    "missing_evidence": "sentences: which evidence there is none of, and why",
    "drift": "whether today is like the reference: sentences and figures; null without a reference",
    "allow": "the allow-list and what it allowed; null without",
    "settings": "numbers that were set, by which the run can be made again",
    "code": "SHA-256 over all of gauger's Python files",
    "state": "what the state directory kept when the run began: parts with digests, number of decisions; null without",
    "decisions": "what people decided: findings not raised, accounts confirmed, how often they agreed; null without",
    "signatures": "names of the shared signatures of other providers that were weighed",
    "alarm_level": "tail probability below which an account is flagged",
    "alarm_level_asked": "the one that was asked for",
    "alarm_level_raised": "why it is another; null if it is not",
    "seconds": "time of each stage",
    "calls_per_second": "calls over the whole time",
    "key_id": "name of the key; runs of different keys cannot be joined",
    "hourly_calls": "calls in each hour from `start` on, and those of flagged accounts among them",
    "work_bytes": "size of the work files",
    "versions": "of libraries",
    "column_map": "how the log was read",
    "files_left_out": "files that were no logs",
    "false_positive_rate": "share of honest accounts flagged, on days held out, with its interval; or why not",
    "warnings": "sentences to read before the findings",
}

_HEAD = """# Tables

Made by `python -m gauger.results.dictionary`. The same words stand in the metadata of each Parquet file's fields, as
`description` and `unit`. pandas, polars, DuckDB and scikit-learn read all tables without a cast. In Python there
is `gauger.read_run`:

    import gauger

    run = gauger.read_run("day")
    run.pandas("accounts").query("flagged").sort_values("evidence")
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *_tables(), *_manifest()])


def _tables() -> Iterator[str]:
    for name, schema in SCHEMAS.items():
        yield f"## {_FILES[name]}\n"
        yield "| column | type | unit | meaning |\n|---|---|---|---|"
        for field in described(name, schema):
            told = {key.decode(): value.decode() for key, value in field.metadata.items()}
            yield f"| `{field.name}` | {_type(field.type)} | {told.get('unit', '')} | {told['description']} |"
        yield ""


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(field.name for field in kind)})"
    if pa.types.is_fixed_size_list(kind):
        return f"{kind.list_size} x {_type(kind.value_type)}"
    return str(kind).replace("timestamp[us, tz=UTC]", "time, UTC").replace("date32[day]", "date")


def _manifest() -> Iterator[str]:
    yield "## manifest.json: the run\n"
    yield "| key | meaning |\n|---|---|"
    yield from (f"| `{key}` | {meaning} |" for key, meaning in MANIFEST.items())
    yield ""


if __name__ == "__main__":
    print(page(), end="")
