"""The formats gauger reads. A new one is a file with its ``FORMAT``, and its line here."""

from gauger.logs.readers import arrow_ipc, avro, csv, jsonl, orc, parquet
from gauger.logs.readers.format import Format

FORMATS = (
    parquet.FORMAT,
    arrow_ipc.FORMAT,
    orc.FORMAT,
    avro.FORMAT,
    jsonl.FORMAT,
    csv.FORMAT,
)


def by_name(name: str) -> Format:
    """The format of that name."""
    return next(found for found in FORMATS if found.name == name)
