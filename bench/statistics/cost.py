"""What the statistics of a run cost, step by step, on made-up accounts of 26 sampled calls: processor seconds.

Run as ``python -m bench.statistics.cost`` from the root of the repository.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from gauger.engine.common.secret import Secret
from gauger.engine.state.links import ADDRESS
from gauger.engine.statistics import calls as statistics_calls
from gauger.engine.statistics import links as statistics_links
from gauger.engine.statistics import pool as statistics_pool
from gauger.engine.statistics import relational as statistics_relational
from gauger.engine.statistics import samples as statistics_samples
from gauger.kernels.sketches.minhash import SLOTS
from gauger.kernels.text.features import FEATURES
from gauger.kernels.warm import warmup

CALLS, NEIGHBOURS, LINKS, REFERENCE = 26, 20, 20, 16_000
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000


def steps(accounts: int) -> dict[str, Callable[[], object]]:
    """Each step on made-up arrays; half of the calls are in a family, half of the neighbours are today's."""
    random = np.random.default_rng(0)
    key = Secret(bytes(16)).key
    calls, prompts = accounts * CALLS, max(1, accounts * CALLS // 2)
    features = random.integers(-40, 40, (min(calls, 65_536), FEATURES)).astype(np.int8)
    rows, owner = random.integers(0, len(features), calls), np.repeat(np.arange(accounts), CALLS)
    identity, times = random.integers(0, 2**63, calls).astype(np.uint64), random.integers(0, DAY_US, calls)
    prompt = random.integers(0, prompts, calls)
    signatures = random.integers(0, 256, (prompts, SLOTS), np.uint8)
    family = np.where(random.random(calls) < 0.5, random.integers(0, 5_000, calls), -1)
    near = random.integers(0, accounts, (accounts, NEIGHBOURS))
    near[random.random(near.shape) < 0.5] = -1
    hashes = random.integers(1, 2**63, prompts).astype(np.uint64)[prompt]
    linked = np.repeat(np.arange(accounts), LINKS)
    values = random.integers(0, 3 * accounts, len(linked)).astype(np.uint64)
    channels = np.full(len(linked), ADDRESS, np.uint8)
    count = accounts + REFERENCE
    pooled = np.concatenate([owner, accounts + np.repeat(np.arange(REFERENCE), CALLS)])
    cells = random.integers(0, 1 << statistics_samples.CELL_BITS, len(pooled))
    names = [f"account-{number}" for number in random.integers(0, count, count).tolist()]
    sums = random.integers(-50, 50, (count, FEATURES)).astype(np.int32)
    today, inside = np.arange(count) < accounts, family >= 0
    tokens = (24 * family[inside] + times[inside] // HOUR_US).astype(np.uint64)
    sampled = statistics_samples.SampledCalls(owner, identity, times, rows, prompt)
    words = np.full(prompts, 9)
    few = cells[:calls].astype(np.uint32)
    return {
        "cells of calls": lambda: statistics_samples.cells_of(rows, features, key),
        "cell coverage": lambda: statistics_samples.cell_coverage(owner, few, accounts),
        "pairs within samples": lambda: statistics_samples.sample_statistics(
            sampled, features, signatures, words, accounts, 0.7
        ),
        "repeats": lambda: statistics_calls.repeat_pairs(owner, prompt, accounts),
        "pauses": lambda: statistics_calls.session_gap_variation(owner, times, accounts),
        "links": lambda: statistics_links.link_statistics(linked, channels, values, np.full(accounts, CALLS), 64),
        "components": lambda: statistics_links.component_sizes(linked, values, channels, accounts),
        "families": lambda: statistics_relational.family_entropy(owner, family, accounts),
        "cells against the reference": lambda: statistics_pool.cell_statistics(cells, pooled, today),
        "history": lambda: statistics_pool.history_shift(names, sums, today),
        "synchrony of families": lambda: statistics_relational.synchrony(owner[inside], tokens, near),
        "synchrony of networks": lambda: statistics_relational.synchrony(linked, values, near, 64),
        "complementary coverage": lambda: statistics_relational.complementary_coverage(owner, hashes, near),
    }


def measure(accounts: int) -> dict[str, float]:
    """Processor seconds of each step."""
    warmup()
    found = {}
    for name, step in steps(accounts).items():
        started = time.process_time()
        step()
        found[name] = time.process_time() - started
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.statistics.cost", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000, help="(%(default)s)")
    chosen = parser.parse_args(arguments)
    found = measure(chosen.accounts)
    for name, seconds in found.items():
        print(f"{name:30s}{seconds:7.2f} s")
    print(f"{'all':30s}{sum(found.values()):7.2f} s")


if __name__ == "__main__":
    main()
