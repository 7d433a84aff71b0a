"""Sentences about families: all there is, nothing that is not."""

from typing import Any

import pytest

from gauger.engine.results import tables
from gauger.text.families import ALLOWED, sentences

NOTHING: dict[str, Any] = dict.fromkeys(tables.FAMILIES.names) | {"accounts": 5, "calls": 10, "allowed": False}


def test_what_is_not_available_is_left_out() -> None:
    assert sentences(NOTHING) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"slots": 0, "slot_values": [], "slot_evenness": []}, []),
        ({"slot_values": [1], "slot_evenness": [None]}, ["1 slot with 1 different value (evenness –)"]),
        ({"grid_coverage": 1.0}, ["100 % of the combinations of its repeating slot values are sent already"]),
        ({"largest_account_share": 1.0, "accounts": 1}, ["one account sends all of it"]),
        ({"largest_account_share": 0.5}, ["its busiest account sends 50 % of its calls"]),
        (
            {"hour_calls_median": 1234.5, "hour_calls_peak": 9999.0},
            ["1,234 calls in an hour that has any (median), at most 9,999"],
        ),
        (
            {"hour_calls_median": 2.0, "hour_calls_peak": 9.0, "burstiness": -0.001},
            [
                "2 calls in an hour that has any (median), at most 9; "
                "burstiness 0.00 (-1: a clock, 0: chance, 1: bursts)"
            ],
        ),
        ({"elicitation_share": 0.0, "reasoning_share": 0.0}, []),
        ({"elicitation_share": 0.5}, ["50 % of its calls ask for what a student is trained on"]),
        ({"allowed": True}, [ALLOWED]),
    ],
)
def test_what_is_available_is_said(columns: dict[str, Any], said: list[str]) -> None:
    assert sentences(NOTHING | columns) == said
