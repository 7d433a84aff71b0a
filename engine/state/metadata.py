"""Metadata columns of an admitted batch as the arrays the sketches take. Absent columns stay absent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.hashing import hash_column, text_buffers
from gauger.engine.common.settings import HOUR_US
from gauger.engine.state.accounts import CallColumns
from gauger.engine.state.counters import count
from gauger.engine.state.links import ADDRESS, CLIENT, NETWORK, NETWORK_HOUR, ORGANISATION, PARAMETERS, PAYMENT
from gauger.kernels.accounts.accumulate import hash_prefixes
from gauger.kernels.machine import keys

PARAMETER_COLUMNS = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")


def times_of(batch: pa.RecordBatch) -> np.ndarray:
    """start_time as int64 microseconds."""
    return batch.column("start_time").cast(pa.int64()).to_numpy()


def _column(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    return batch.column(name) if name in batch.schema.names else None


def _hashes(batch: pa.RecordBatch, name: str, key: np.ndarray) -> np.ndarray | None:
    column = _column(batch, name)
    return None if column is None else hash_column(key, column)


def _mix(values: np.ndarray, salt: np.ndarray) -> np.ndarray:
    """Combine two uint64 hash arrays; the inputs are keyed hashes already."""
    with np.errstate(over="ignore"):
        mixed = (values ^ (values >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + salt
        return mixed ^ (mixed >> np.uint64(32))


def network_hours(network: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Which network in which hour, as one hash, 0 = null; network : uint64[n]; times : int64[n], microseconds."""
    return np.where(network == 0, network, _mix(network, (times // HOUR_US).astype(np.uint64)))


def _parameters(batch: pa.RecordBatch, key: np.ndarray) -> np.ndarray | None:
    present = [name for name in PARAMETER_COLUMNS if name in batch.schema.names]
    if not present:
        return None
    texts = [pc.fill_null(batch.column(name).cast(pa.string()), "") for name in present]
    return hash_column(key, pc.binary_join_element_wise(*texts, "\x1f"))


def _microseconds(column: pa.Array | None) -> np.ndarray | None:
    return None if column is None else pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)


def call_columns(batch: pa.RecordBatch, key: np.ndarray) -> CallColumns:
    """Everything the account rows take from a batch, prompts aside."""
    found = count(batch)
    hashed = {
        "address_calls": _hashes(batch, "client_address", key),
        "conversation_calls": _hashes(batch, "conversation_id", key),
        "user_agent_calls": _hashes(batch, "user_agent_original", key),
        "parameter_calls": _parameters(batch, key),
    }
    found |= {name: values != 0 for name, values in hashed.items() if values is not None}
    tokens = _column(batch, "usage_output_tokens")
    return CallColumns(
        times=times_of(batch),
        addresses=hashed["address_calls"],
        conversations=hashed["conversation_calls"],
        user_agents=hashed["user_agent_calls"],
        parameters=hashed["parameter_calls"],
        output_tokens=None
        if tokens is None
        else (pc.fill_null(tokens, 0).to_numpy(zero_copy_only=False), np.asarray(tokens.is_valid(), np.uint8)),
        created=_microseconds(_column(batch, "account_created_at")),
        counters={name: np.asarray(values, np.uint8) for name, values in found.items()},
    )


def link_values(batch: pa.RecordBatch, key: np.ndarray) -> dict[int, np.ndarray]:
    """Hashed values of each channel that links accounts: channel -> uint64[n], 0 = null."""
    values: dict[int, np.ndarray] = {}
    address = _column(batch, "client_address")
    if address is not None:
        values[ADDRESS] = hash_column(key, address)
        network = np.empty(batch.num_rows, np.uint64)
        hash_prefixes(key[keys.STRING], key[keys.STRING + 1], *text_buffers(address), network)
        network[values[ADDRESS] == 0] = 0
        values[NETWORK] = network
        values[NETWORK_HOUR] = network_hours(network, times_of(batch))
    named = {PAYMENT: "payment_fingerprint", CLIENT: "client_ja4", ORGANISATION: "org_id"}
    for channel, name in named.items():
        hashes = _hashes(batch, name, key)
        if hashes is not None:
            values[channel] = hashes
    parameters = _parameters(batch, key)
    if parameters is not None:
        values[PARAMETERS] = parameters
    return values
