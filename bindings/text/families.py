"""What a family says, in sentences: one home for the report and ``explain``. What is not available is left out."""

from typing import Any

from gauger.text import formats

ALLOWED = "On the allow-list: it gives no evidence and is no link or reason of a finding."
_SLOTS_SHOWN = 8
_KINDS = {
    "reasoning_share": "step-by-step reasoning",
    "rubric_share": "grading by rubric",
    "data_set_share": "data sets",
}


def sentences(row: dict[str, Any]) -> list[str]:
    """What a row of ``families.parquet`` says beyond its counts, most telling first."""
    said = [ALLOWED] if row["allowed"] else []
    return said + [text for text in (_slots(row), _grid(row), _concentration(row), _pace(row), _asks(row)) if text]


def _slots(row: dict[str, Any]) -> str:
    values, evenness = row["slot_values"] or [], row["slot_evenness"] or []
    if not values:
        return ""
    shown = ", ".join(formats.count(number) for number in values[:_SLOTS_SHOWN])
    even = ", ".join(formats.value(share) for share in evenness[:_SLOTS_SHOWN])
    different = "different value" if values == [1] else "different values"
    return f"{formats.plural(len(values), 'slot')} with {shown} {different} (evenness {even})"


def _grid(row: dict[str, Any]) -> str:
    if row["grid_coverage"] is None:
        return ""
    return f"{formats.percent(row['grid_coverage'])} of the combinations of its repeating slot values are sent already"


def _concentration(row: dict[str, Any]) -> str:
    if row["largest_account_share"] is None:
        return ""
    if row["accounts"] == 1:
        return "one account sends all of it"
    text = f"its busiest account sends {formats.percent(row['largest_account_share'])} of its calls"
    gini, chance = row["account_gini"], row["account_gini_chance"]
    if gini is None or chance is None:
        return text
    return f"{text}; Gini over accounts {gini:.2f} (0: all send alike, {chance:.2f}: by chance, 1: one sends all)"


def _pace(row: dict[str, Any]) -> str:
    if row["hour_calls_median"] is None:
        return ""
    median, peak = formats.value(row["hour_calls_median"]), formats.count(row["hour_calls_peak"])
    text = f"{median} calls in an hour that has any (median), at most {peak}"
    if row["burstiness"] is None:
        return text
    return f"{text}; burstiness {round(row['burstiness'], 2) + 0.0:.2f} (-1: a clock, 0: chance, 1: bursts)"


def _asks(row: dict[str, Any]) -> str:
    if not row["elicitation_share"]:
        return ""
    kinds = [f"{what} {formats.percent(row[name])}" for name, what in _KINDS.items() if row[name]]
    named = f": {', '.join(kinds)}" if kinds else ""
    return f"{formats.percent(row['elicitation_share'])} of its calls ask for what a student is trained on{named}"
