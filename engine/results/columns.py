"""What every column of the output tables means, and how tables say so themselves: in the metadata of their fields.

``described`` also leaves word for pandas, which else reads whole numbers with gaps as floating-point ones.
"""

from __future__ import annotations

import orjson
import pyarrow as pa

from gauger.engine.statistics.registry import STATISTICS

Meaning = tuple[str, str]  # unit, "" where there is none; description

_TAIL = "-log10 of a tail probability"
_EVIDENCE: Meaning = (_TAIL, "How odd it looks: 3 is one honest account in a thousand; null without a reference")
_FAMILY: Meaning = ("", "Number of a family of prompts; negative for one that is not kept over days; null for none")
_FINDING: Meaning = ("", "Number of a finding, the same on later days; null for none")
_REASONS: Meaning = ("", "Statistics that are oddest, each with its value and tail probability, the oddest first")
_FILE: Meaning = ("", "Place of the file in the manifest's inputs, from 0")
_ROW: Meaning = ("", "Row or line of that file, from 0")
_HOURLY: Meaning = ("calls", "Calls in each hour (UTC), from the hour of the first one on; null beyond 62 days")

_CALLS: dict[str, Meaning] = {
    "file": _FILE,
    "row": _ROW,
    "account_id": ("", "Who sent the call"),
    "family_id": _FAMILY,
    "family_kind": ("", "template, near_duplicate, exact, or single where no other prompt is like it"),
    "exact_repeats": ("calls", "Calls of the run with the same normalised prompt, itself included"),
    "novelty": ("nats", "Mean inverse document frequency of its words against the reference; null without one"),
    "evidence": _EVIDENCE,
    "campaign_id": _FINDING,
}

_ACCOUNTS: dict[str, Meaning] = {
    "account_id": ("", "The account, as the log names it"),
    "calls": ("calls", "Calls that were scored"),
    **{name: (one.unit, f"{one.title}; null where not available") for name, one in STATISTICS.items()},
    "conformity": (_TAIL, "How it moves beside those that talk like it, a part of its evidence; null without"),
    "evidence": _EVIDENCE,
    "flagged": ("", "Whether its tail probability is below the alarm level"),
    "campaign_id": _FINDING,
    "decision": ("", "What a person decided of its finding, where that counts: campaign or honest"),
    "map_x": ("", "Place on the map of accounts: first principal axis of their content"),
    "map_y": ("", "Place on the map of accounts: second principal axis"),
    "reasons": _REASONS,
}

_FAMILIES: dict[str, Meaning] = {
    "family_id": _FAMILY,
    "kind": ("", "template, near_duplicate or exact"),
    "calls": ("calls", "Calls with a prompt of the family"),
    "accounts": ("accounts", "Accounts that sent one"),
    "client_addresses": ("addresses", "Addresses they came from, estimated; null without the column"),
    "first_seen": ("", "Time of its first call"),
    "last_seen": ("", "Time of its last call"),
    "distinct_prompts": ("prompts", "Different normalised prompts"),
    "largest_account_share": ("share", "Of its calls, those of the account that sent most"),
    "account_gini": ("0 to 1", "How unevenly its calls lie over accounts: 0 is all alike; null for one account"),
    "account_gini_chance": ("0 to 1", "What that would be if any account sent any call alike"),
    "hour_calls_median": ("calls", "Calls in an hour that has any; null below five calls"),
    "hour_calls_peak": ("calls", "Calls in its busiest hour; null below five calls"),
    "burstiness": ("-1 to 1", "Of the gaps between its calls: -1 is a clock, 0 chance, 1 bursts"),
    "hourly_calls": _HOURLY,
    "frame_group": ("", "Templates that are variants of one frame share it: the least of their numbers"),
    "slots": ("slots", "Gaps of a template; null for other kinds, as all that is said of slots"),
    "slot_values": ("values", "Different values of each slot, in their order"),
    "slot_evenness": ("0 to 1", "Entropy of each slot's values over the largest possible"),
    "grid_coverage": ("share", "Of the grid of slot values that repeat, what was sent already"),
    "elicitation_share": ("share", "Calls that ask for reasoning, rubrics or data sets; null for token ids"),
    "reasoning_share": ("share", "Calls that ask for reasoning step by step"),
    "rubric_share": ("share", "Calls that ask for grading by a rubric"),
    "data_set_share": ("share", "Calls that ask for training data"),
    "evidence": (_TAIL, "How odd the accounts are that send it; null for allowed families"),
    "allowed": ("", "Whether it is on the allow-list"),
    "template": ("", "Words that most accounts and at least twenty owners share, gaps as [...1]; else null"),
}

_CAMPAIGNS: dict[str, Meaning] = {
    "campaign_id": _FINDING,
    "accounts": ("accounts", "Flagged accounts in it"),
    "calls": ("calls", "Calls they sent"),
    "evidence": (_TAIL, "How odd its accounts are together"),
    "links": ("", "What links its accounts"),
    "started_at": ("", "Time of its first call"),
    "ended_at": ("", "Time of its last call"),
    "families": ("", "Numbers of the families it uses, most calls first, without allowed ones"),
    "allowed_share": ("share", "Of its calls, those in allowed families; null where none is"),
    "assessment": (
        "",
        "campaign, unclear, relay pool, or the honest explanation that fits; what a person decided first",
    ),
    "probability": ("0 to 1", "That one hidden actor is behind it"),
    "explanation": ("", "The best honest explanation"),
    "facts": ("", "What speaks for or against one actor: value, what was measured, and what it adds to the log-odds"),
    "reasons": _REASONS,
    "present": ("", "Signs of coordination that it has, as sentences"),
    "lacking": ("", "Signs that were looked for and not found, or could not be looked for"),
    "hourly_calls": _HOURLY,
    "first_seen_on": ("", "Day on which it was found first; null without a state directory"),
    "days_seen": ("days", "Days on which it was found"),
    "returning_accounts": ("accounts", "Of its accounts, those it had on an earlier day"),
    "decision": ("", "What a person decided of it: campaign, honest or unsure; null where nobody did"),
    "decided_on": ("", "Day of that decision"),
    "history": ("", "Accounts and calls on each day it was found, today last"),
}

_EDGES: dict[str, Meaning] = {
    "account_id": ("", "An account"),
    "neighbour_id": ("", "Another one of the same run"),
    "kind": ("", "content: among the nearest in what they ask; else what the two share"),
    "weight": (
        "",
        "Of content the cosine of their whitened means; else the sum of 1 / ln(accounts that have it)",
    ),
}
_NEIGHBOURS: dict[str, Meaning] = {
    "account_id": ("", "The account, as the log names it"),
    "neighbours": ("accounts", "Its nearest ones of the same run that were looked at"),
    **{name: (one.unit, f"Mean over them: {one.title}") for name, one in STATISTICS.items()},
}
_FEATURES: dict[str, Meaning] = {
    "account_id": ("", "The account, as the log names it"),
    "neighbours": ("accounts", "Its nearest ones of the same run that were looked at"),
    "features": ("", "How it writes: mean of its calls' 656 features, a unit vector; comparable under one key"),
    "neighbour_features": ("", "Mean of that over its nearest ones of the same run; zeros where it has none"),
}
_RANKS: dict[str, Meaning] = {
    "account_id": ("", "An account of a finding"),
    "campaign_id": _FINDING,
    "statistic": ("", "A statistic of accounts.parquet, or a part of evidence"),
    "value": ("", "Its value, in the unit of that statistic; null of parts, and where it is not available"),
    "at_least": ("accounts", "Accounts of the reference with at least that value"),
    "at_most": ("accounts", "Accounts of the reference with at most that value"),
    "null_size": ("accounts", "Accounts of the reference whose value is known"),
    "tail_probability": ("0 to 1", "How rare that is among them, on both sides together; of parts as it was joined"),
}

_QUARANTINE: dict[str, Meaning] = {
    "file": _FILE,
    "row": _ROW,
    "account_id": ("", "Who sent it; null where that is not known"),
    "reason": ("", "Why it could not be scored"),
}

_WEEK_ACCOUNTS: dict[str, Meaning] = {
    **{name: _ACCOUNTS[name] for name in ("account_id", "calls", "evidence", "flagged")},
    "finding": ("", "Row of the week's findings, from 1; null for none"),
}
_WEEK_FINDINGS: dict[str, Meaning] = {
    "finding": ("", "Number within this week, from 1"),
    **{
        name: _CAMPAIGNS[name]
        for name in (
            "campaign_id", "accounts", "calls", "evidence", "assessment", "probability", "explanation", "facts",
            "present", "lacking",
        )
    },
}  # fmt: skip

COLUMNS: dict[str, dict[str, Meaning]] = {
    "calls": _CALLS,
    "accounts": _ACCOUNTS,
    "families": _FAMILIES,
    "campaigns": _CAMPAIGNS,
    "quarantine": _QUARANTINE,
    "ranks": _RANKS,
    "edges": _EDGES,
    "neighbours": _NEIGHBOURS,
    "features": _FEATURES,
    "week_accounts": _WEEK_ACCOUNTS,
    "week_findings": _WEEK_FINDINGS,
}
_SHARE = "today_share_"
_OF_PANDAS = {pa.int32(): "Int32", pa.int64(): "Int64", pa.bool_(): "boolean"}  # its types that have gaps


def described(name: str, schema: pa.Schema) -> pa.Schema:
    """The schema of a table with a description and a unit at each field, and pandas' own metadata.

    name : of the table, as in ``COLUMNS``. Raises KeyError for a column that nobody described.
    """
    meanings = COLUMNS[name]
    fields = []
    for field in schema:
        unit, description = _meaning(meanings, field.name)
        told = {"description": description, **({"unit": unit} if unit else {})}
        fields.append(field.with_metadata(told))
    return pa.schema(fields, {"pandas": _for_pandas(schema)})


def _meaning(meanings: dict[str, Meaning], name: str) -> Meaning:
    """What a column means; shares among other numbers of neighbours (``Settings.neighbours``) as those among ten."""
    number = name.removeprefix(_SHARE)
    if name in meanings or number == name or not number.isdecimal():
        return meanings[name]
    unit, description = meanings[f"{_SHARE}10"]
    return unit, description.replace("10", number)


def _for_pandas(schema: pa.Schema) -> bytes:
    """What pandas would have written of a frame with such columns, and pyarrow hands it again."""
    columns = [
        {"name": field.name, "field_name": field.name, "pandas_type": str(field.type),
         "numpy_type": _OF_PANDAS.get(field.type, "object"), "metadata": None}
        for field in schema
        if field.type in _OF_PANDAS
    ]  # fmt: skip
    return orjson.dumps({"index_columns": [], "column_indexes": [], "columns": columns})
