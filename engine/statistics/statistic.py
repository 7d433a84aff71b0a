"""What a statistic of an account is: said beside the function that computes it, gathered by ``registry``.

Columns are those of ``schema.CALL_SCHEMA``; any one of them will do. Where all are absent the statistic is not
available: null in accounts.parquet, never zero. Today's accounts are ranked among the reference's where ``ranked`` is
true; the others are shown, and give no reason.
"""

from dataclasses import dataclass

from gauger.engine.common import schema

PARAMETERS = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
CALL, TEXT, CONTENT = ("start_time",), ("prompt_text",), schema.CONTENT
OUTPUT, FINISH = ("usage_output_tokens",), ("response_finish_reasons",)
ADDRESS = ("client_address",)
OURS, COUNTED, MOMENTS = "ours", "counting", "coefficient of variation (Pearson 1896)"
SHANNON = "Shannon (1948)"

Row = tuple[str, str, str, str, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Statistic:
    """What a column of accounts.parquet is."""

    name: str
    title: str  # in the words of the report
    formula: str
    source: str
    unit: str
    range: str
    columns: tuple[str, ...]
    home: str  # the function that computes it, within gauger.engine
    relational: bool = False  # of other accounts as well
    ranked: bool = True


def alone(home: str, *rows: Row) -> list[Statistic]:
    """Statistics of an account by itself. rows : name, title, formula, source, unit, range, columns."""
    return [Statistic(*row, home) for row in rows]


def among(home: str, *rows: tuple[*Row, bool]) -> list[Statistic]:
    """Statistics of an account beside others; a row says last whether today's are ranked."""
    return [Statistic(*row[:-1], home, True, row[-1]) for row in rows]
