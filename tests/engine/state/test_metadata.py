"""Metadata: every column as the sketches take it, against the rows it came from; absent columns stay absent."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.common.settings import HOUR_US
from gauger.engine.state import links
from gauger.engine.state.metadata import call_columns, link_values, times_of
from tests.engine import calls

KEY = calls.SECRET.key
CALLS = calls.some_calls(60, days=2, seed=3)
BATCH = calls.batch_of(CALLS)
COLUMNS, LINKS = call_columns(BATCH, KEY), link_values(BATCH, KEY)


def column(name: str) -> list:
    return [call[name] for call in CALLS]


def assert_hashes_name_values(hashes: np.ndarray, values: list) -> None:
    """Equal values have equal hashes, different ones different; null is 0."""
    pairs = set(zip(hashes.tolist(), values, strict=True))
    assert len(pairs) == len({value for _, value in pairs}) == len({hashed for hashed, _ in pairs})
    assert all((hashed == 0) == (value is None) for hashed, value in pairs)


def test_times_are_microseconds_and_tokens_and_creation_times_know_their_nulls() -> None:
    assert COLUMNS.times.tolist() == column("start_time")
    assert COLUMNS.times.dtype == np.int64
    np.testing.assert_array_equal(times_of(BATCH), COLUMNS.times)
    values, valid = COLUMNS.output_tokens
    assert valid.tolist() == [int(value is not None) for value in column("usage_output_tokens")]
    assert values.tolist() == [value or 0 for value in column("usage_output_tokens")]
    assert COLUMNS.created.tolist() == [value or 0 for value in column("account_created_at")]


@pytest.mark.parametrize(
    ("hashes", "source"),
    [
        (COLUMNS.addresses, "client_address"),
        (COLUMNS.conversations, "conversation_id"),
        (COLUMNS.user_agents, "user_agent_original"),
        (LINKS[links.ADDRESS], "client_address"),
        (LINKS[links.PAYMENT], "payment_fingerprint"),
        (LINKS[links.CLIENT], "client_ja4"),
        (LINKS[links.ORGANISATION], "org_id"),
    ],
)
def test_identities_and_links_of_one_column_are_its_hashes(hashes: np.ndarray, source: str) -> None:
    np.testing.assert_array_equal(hashes, hash_column(KEY, BATCH.column(source)))
    assert_hashes_name_values(hashes, column(source))


def test_parameters_are_one_hash_of_four_columns() -> None:
    names = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
    tuples = list(zip(*(column(name) for name in names), strict=True))
    assert len(set(tuples)) > 10
    assert_hashes_name_values(COLUMNS.parameters, tuples)
    np.testing.assert_array_equal(LINKS[links.PARAMETERS], COLUMNS.parameters)


def test_neighbouring_parameters_do_not_run_together() -> None:
    given = ({"request_temperature": 1.0, "request_top_p": None}, {"request_temperature": None, "request_top_p": 1.0})
    rows = [{"start_time": calls.MONDAY_US, **one} for one in given]
    batch = calls.batch_of(rows, ("start_time", "request_temperature", "request_top_p"))
    first, second = call_columns(batch, KEY).parameters
    assert first != second


COUNTED = {
    "address_calls": lambda call: call["client_address"] is not None,
    "conversation_calls": lambda call: call["conversation_id"] is not None,
    "user_agent_calls": lambda call: call["user_agent_original"] is not None,
    "parameter_calls": lambda call: True,
    "finish_calls": lambda call: call["response_finish_reasons"] is not None,
    "finish_length": lambda call: "length" in (call["response_finish_reasons"] or ()),
    "error_calls": lambda call: True,
    "errors": lambda call: call["error_type"] is not None,
    "logprob_calls": lambda call: call["request_logprobs"] is not None,
    "logprobs": lambda call: bool(call["request_logprobs"]),
    "choice_calls": lambda call: call["request_choice_count"] is not None,
    "choices_many": lambda call: (call["request_choice_count"] or 0) > 1,
    "accepted_calls": lambda call: call["accepted"] is not None,
    "accepted": lambda call: bool(call["accepted"]),
    "stream_calls": lambda call: call["request_stream"] is not None,
    "streamed": lambda call: bool(call["request_stream"]),
}


def test_counters_count_what_was_there() -> None:
    assert set(COLUMNS.counters) == set(COUNTED)
    for name, rule in COUNTED.items():
        assert COLUMNS.counters[name].dtype == np.uint8
        assert COLUMNS.counters[name].tolist() == [int(rule(call)) for call in CALLS], name


def test_absent_columns_are_absent() -> None:
    bare = call_columns(calls.batch_of(CALLS, calls.BARE_COLUMNS), KEY)
    assert bare.counters == {}
    assert link_values(calls.batch_of(CALLS, calls.BARE_COLUMNS), KEY) == {}
    fields = (bare.addresses, bare.conversations, bare.user_agents, bare.parameters, bare.output_tokens, bare.created)
    assert fields == (None,) * 6


@pytest.mark.parametrize("name", [name for name in CALL_SCHEMA.names if name not in calls.BARE_COLUMNS])
def test_any_one_column_may_be_alone(name: str) -> None:
    """Only what depends on the column appears, and it is what all columns together give."""
    names = (*calls.BARE_COLUMNS, name) if name != "prompt_token_ids" else ("start_time", "account_id", name)
    batch = calls.batch_of(CALLS, names)
    lone, values = call_columns(batch, KEY), link_values(batch, KEY)
    for counter, counted in lone.counters.items():
        np.testing.assert_array_equal(counted, COLUMNS.counters[counter])
    for channel in set(values) - {links.PARAMETERS}:
        np.testing.assert_array_equal(values[channel], LINKS[channel])


def test_an_empty_batch_has_every_column_and_no_rows() -> None:
    empty, values = call_columns(calls.batch_of([]), KEY), link_values(calls.batch_of([]), KEY)
    assert set(empty.counters) == set(COUNTED)
    assert sorted(values) == list(range(len(links.CHANNELS)))
    columns = (*empty.counters.values(), empty.times, empty.parameters, *values.values())
    assert {len(column) for column in columns} == {0}


def network(address: str | None) -> str | None:
    if address is None:
        return None
    bits = 24 if ipaddress.ip_address(address).version == 4 else 64
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def test_networks_are_prefixes_and_meet_in_an_hour() -> None:
    networks = [network(address) for address in column("client_address")]
    assert_hashes_name_values(LINKS[links.NETWORK], networks)
    hours = [name and (name, time // HOUR_US) for name, time in zip(networks, column("start_time"), strict=True)]
    assert_hashes_name_values(LINKS[links.NETWORK_HOUR], hours)


def test_links_hold_keyed_hashes_only() -> None:
    other = calls.Secret(b"another key here")
    for channel, hashes in link_values(BATCH, other.key).items():
        assert not (set(hashes.tolist()) & set(LINKS[channel].tolist())) - {0}
