"""Columns: what the rest of gauger asks of column maps, which say where the fields of a foreign log are.

A map is a TOML file::

    name = "litellm"
    records = "lines"                 # or "otlp": every span or GenAI event of an OTLP-JSON document is a row

    [columns]                         # canonical name = where to look; the first that holds something wins
    start_time = "startTime"
    account_id = ["metadata.user_api_key_user_id", "end_user"]
    messages = "messages"             # a whole chat: what it says, and what stands beside it, is told apart

``docs/columns.md`` has the language, ``map_file`` reads it, ``sources`` and ``shaping`` carry it out.
"""

from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION
from gauger.logs.column_map import ColumnMap
from gauger.logs.language.map_file import load
from gauger.logs.paths import Source, walk
from gauger.logs.shaping import BESIDE, RecordsOf, all_values, first_value

__all__ = [
    "BESIDE",
    "ColumnMap",
    "RecordsOf",
    "Source",
    "all_values",
    "first_value",
    "load_column_map",
    "walk",
]


def load_column_map(name_or_path: str | None) -> ColumnMap:
    """The map of that name (a shipped one) or file; None is the map of canonical and dotted OTel names.

    Raises ``ColumnMapError``, with line and column where there are any, when there is no such map, or it is not valid
    TOML, or says something that maps cannot say.
    """
    return _identity() if name_or_path is None else load(name_or_path)


def _identity() -> ColumnMap:
    columns = {}
    for column in CALL_SCHEMA:
        dotted = column.metadata[b"otel"].decode()
        aliases = () if dotted == column.name else (Source(dotted),)
        columns[column.name] = (Source(column.name), *aliases)
    columns |= {name: (Source(name), Source(dotted)) for name, dotted in CONVERSATION.items()}
    return ColumnMap("canonical", columns)
