"""Accounts made up of features, statistics and prompts, for the baselines of the detection bench."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from bench.detection.population import Seen
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

MIDNIGHT = datetime(2026, 11, 18, tzinfo=UTC)


def population(features: Sequence[np.ndarray], statistics: dict[str, np.ndarray] | None = None) -> Population:
    """One account for each int8[calls, d] array; columns up to ``FEATURES`` are zero."""
    padded = [np.zeros((len(one), FEATURES), np.int8) for one in features]
    for wide, one in zip(padded, features, strict=True):
        wide[:, : one.shape[1]] = one
    calls = np.asarray([len(one) for one in padded])
    sums = np.stack([one.sum(axis=0, dtype=np.int32) for one in padded])
    squares = np.asarray([np.sum(one.astype(np.float64) ** 2) for one in padded])
    own = np.sum(sums.astype(np.float64) ** 2, axis=1)
    similarity = (own - squares) / np.maximum(1.0, (calls - 1.0) * squares)
    nothing = np.zeros(0, np.int64)
    return Population(
        account_ids=[f"account {number}" for number in range(len(padded))],
        calls=calls,
        sums=sums,
        statistics={"within_similarity": similarity, **(statistics or {})},
        sample_owner=np.repeat(np.arange(len(padded)), calls),
        sample_identity=np.arange(calls.sum()).astype(np.uint64),
        sample_row=np.arange(calls.sum()),
        sample_features=np.concatenate(padded),
        link_owner=nothing,
        link_channel=nothing.astype(np.uint8),
        link_value=nothing.astype(np.uint64),
    )


def drawn(random: np.random.Generator, accounts: int, calls: int, shift: float = 0.0) -> list[np.ndarray]:
    """Features of accounts around one mean; ``shift`` moves the mean along the first direction."""
    means = np.zeros(40)
    means[0] = shift
    return [
        np.clip(np.rint(20.0 * (random.normal(size=(calls, 40)) + means)), -127, 127).astype(np.int8)
        for _ in range(accounts)
    ]


def seen(features: Sequence[np.ndarray], prompts: Sequence[Sequence[str]] | None = None, tokens: int = 10) -> Seen:
    """Accounts whose calls are a minute apart."""
    counts = [len(one) for one in features]
    texts = prompts or [[f"prompt {a} {n}" for n in range(count)] for a, count in enumerate(counts)]
    rows = [(account, number, text) for account, own in enumerate(texts) for number, text in enumerate(own)]
    calls = pa.table(
        {
            "account": pa.array([row[0] for row in rows], pa.int64()),
            "start_time": pa.array([MIDNIGHT + timedelta(minutes=row[1]) for row in rows], pa.timestamp("us", "UTC")),
            "prompt_text": pa.array([row[2] for row in rows], pa.large_string()),
            "tokens": pa.array([tokens] * len(rows), pa.int64()),
        }
    )
    return Seen(population(features), calls)
