"""Accounts as a struct of arrays: who they are, where they call from, with which settings, how they write."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

MICROSECONDS_PER_DAY = 86_400_000_000
MODELS = ("atlas-large", "atlas-small", "atlas-mini", "atlas-reason")
AGENTS = (
    *("atlas-python/2.1.0", "atlas-python/1.9.4", "atlas-node/4.0.2", "python-requests/2.32.3", "okhttp/4.12.0"),
    *("Mozilla/5.0 (Windows NT 10.0)", "Mozilla/5.0 (Macintosh)", "Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0"),
    *("Mozilla/5.0 (iPhone)", "Mozilla/5.0 (Android 14)", "atlas-go/0.8.1", "aiohttp/3.9.5", "LibreChat/0.7"),
)


def hex_strings(values: np.ndarray, prefix: str = "") -> pa.StringArray:
    """``prefix`` and 16 hexadecimal digits for every uint64 of ``values``."""
    values = np.ascontiguousarray(values, np.uint64)
    shifts = np.arange(60, -1, -4, dtype=np.uint64)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)[(values[:, None] >> shifts) & np.uint64(15)]
    head = np.broadcast_to(np.frombuffer(prefix.encode(), np.uint8), (values.size, len(prefix.encode())))
    text = np.ascontiguousarray(np.concatenate([head, digits], axis=1))
    offsets = np.arange(values.size + 1, dtype=np.int32) * text.shape[1]
    return pa.StringArray.from_buffers(values.size, pa.py_buffer(offsets), pa.py_buffer(text))


def random_ids(rng: np.random.Generator, count: int, prefix: str) -> pa.StringArray:
    """``count`` random identifiers with a prefix."""
    return hex_strings(rng.integers(0, 2**63, count, dtype=np.uint64), prefix)


@dataclass(frozen=True)
class Accounts:
    """One entry per account in every field; NaN (floats) and -1 (integers) stand for no value."""

    account_id: pa.StringArray
    org_id: pa.StringArray
    api_key_hash: pa.StringArray
    payment_fingerprint: pa.StringArray
    created_at: np.ndarray  # int64, microseconds since 1970
    address_first: np.ndarray  # int64, index of the first of the account's addresses
    address_count: np.ndarray  # int64, how many it calls from (campaigns and vendors share one range)
    agent: np.ndarray  # int64, index into AGENTS
    model: np.ndarray  # int64, index into MODELS
    temperature: np.ndarray  # float64
    top_p: np.ndarray  # float64
    max_tokens: np.ndarray  # int64
    stream: np.ndarray  # bool
    output_tokens: np.ndarray  # float64, median of its responses
    kind: np.ndarray  # str
    campaign: np.ndarray  # str, empty for benign accounts

    def __len__(self) -> int:
        return len(self.account_id)


def concatenate(parts: Sequence[Accounts]) -> Accounts:
    """All accounts of all parts, in order."""
    joined = {}
    for field in fields(Accounts):
        columns = [getattr(part, field.name) for part in parts]
        joined[field.name] = pa.concat_arrays(columns) if isinstance(columns[0], pa.Array) else np.concatenate(columns)
    return Accounts(**joined)


class Network:
    """Hands out client addresses; an address belongs to one network (autonomous system) for good."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._octets: list[np.ndarray] = []
        self._networks: list[np.ndarray] = []
        self._size = 0

    def allocate(self, count: int, *, residential: bool = True) -> int:
        """Reserve ``count`` fresh addresses; returns the index of the first.

        Residential ones are spread over many networks, the others sit side by side in one data centre.
        """
        first = self._size
        if residential:
            network = self._rng.integers(0, 400, count)
            octets = np.stack([60 + network // 8, network % 8 * 32 + self._rng.integers(0, 32, count)], axis=1)
            octets = np.concatenate([octets, self._rng.integers(1, 255, (count, 2))], axis=1)
        else:
            network = np.full(count, 900 + self._rng.integers(0, 60))
            tail = self._rng.integers(0, 2**15) + np.arange(count)
            octets = np.stack([np.full(count, 34), network - 900, tail >> 8 & 255, tail & 255], axis=1)
        self._octets.append(octets.astype(np.int64))
        self._networks.append((64_000 + network).astype(np.int64))
        self._size += count
        return first

    def addresses(self) -> pa.StringArray:
        """Every address handed out, as dotted quads."""
        rows = np.concatenate(self._octets).tolist()
        return pa.array([f"{a}.{b}.{c}.{d}" for a, b, c, d in rows], pa.string())

    def as_numbers(self) -> pa.Int64Array:
        """The autonomous system number of every address."""
        return pa.array(np.concatenate(self._networks))
