"""The formats gauger reads. A new one is a file with its ``FORMAT``, and its line here."""

from gauger.logs.readers import arrow_ipc, csv, jsonl, parquet

FORMATS = (
    parquet.FORMAT,
    arrow_ipc.FORMAT,
    jsonl.FORMAT,
    csv.FORMAT,
)
