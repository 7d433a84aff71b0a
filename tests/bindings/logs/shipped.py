"""What the shipped maps make of their fixtures."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map

FIXTURES = Path(__file__).parents[1] / "fixtures"
AGENT = "user_ab_account_cd"  # the account of an agent's user_id, without the session
# Columns in which a row is told from its neighbours; the first row of a map is looked at whole.
BRIEF = ("account_id", "prompt_text", "context_texts")


def read(name: str, file: str | None = None) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """Admitted rows of a map's fixture or another file, without nulls, and refused rows with their reasons."""
    [chunk] = readers.read(FIXTURES / (file or f"{name}.jsonl"), load_column_map(name))
    assert not chunk.broken
    admitted = intake.admit(chunk.batch)
    rows = [{column: value for column, value in row.items() if value is not None} for row in admitted.calls.to_pylist()]
    return rows, list(zip(admitted.rejected.tolist(), admitted.reasons, strict=True))


def at(minute: int, microsecond: int = 0) -> datetime:
    """A time of the fixtures' hour."""
    return datetime(2026, 11, 20, 12, minute, 0, microsecond, tzinfo=UTC)


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Who, what and beside what, of each row."""
    return [tuple(row.get(name) for name in BRIEF) for row in rows]


def settings(row: dict[str, Any]) -> tuple[Any, ...]:
    """Model, temperature, top-p and the limit of tokens."""
    names = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
    return tuple(row.get(name) for name in names)
