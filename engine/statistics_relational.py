"""Statistics that need a run's families, or an account's content neighbours of today.

``neighbours`` below is int64[n, k]: of each account, those of its nearest that are today's, -1 in the other places.
Nothing of it can be asked of a stored day, which keeps no prompts and no hours: of these only the family entropy, kept
with the day, has a reference to be ranked in.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from gauger.engine.evidence import Evidence
from gauger.engine.families import Families
from gauger.engine.links import NETWORK_HOUR
from gauger.engine.population import Population
from gauger.engine.settings import HOUR_US
from gauger.engine.state import State
from gauger.engine.statistics_calls import normalised_entropy
from gauger.engine.statistics_pool import NAMES as POOLED
from gauger.kernels import groups

NAMES = ("synchrony_networks", "synchrony_families", "complementary_coverage")
_NO_LIMIT = 1 << 40


def family_entropy(owner: np.ndarray, family: np.ndarray, owners: int) -> np.ndarray:
    """Entropy of an account's calls over families, a call in none being one of its own; NaN below two calls.

    owner, family : int64, one entry a call; -1 = no account, no family
    """
    inside = owner >= 0
    owner, family = owner[inside], family[inside]
    alone = family.max(initial=-1) + 1 + np.arange(len(family))
    return normalised_entropy(owner, np.where(family >= 0, family, alone), owners)


def with_families(population: Population, owner: np.ndarray, family: np.ndarray) -> Population:
    """The population, knowing also what needs a run's families: of each call its account and family, -1 = none."""
    entropy = family_entropy(owner, family, len(population))
    return replace(population, statistics={**population.statistics, "family_entropy": entropy})


def _runs(owner: np.ndarray, value: np.ndarray, owners: int) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and distinct ascending values of each owner."""
    order = np.lexsort((value, owner))
    owner, value = owner[order], value[order]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (value[1:] != value[:-1])
    return np.searchsorted(owner[fresh], np.arange(owners + 1)).astype(np.int64), value[fresh]


def synchrony(owner: np.ndarray, token: np.ndarray, neighbours: np.ndarray, size: int = _NO_LIMIT) -> np.ndarray:
    """Mean Jaccard similarity of an account's tokens and each neighbour's; NaN where either has none.

    owner : int64; token : uint64, what was met and in which hour; size : how many an account keeps at most
    """
    result = np.empty(len(neighbours))
    offsets, values = _runs(owner, token, len(neighbours))
    groups.mean_jaccard(offsets, np.ascontiguousarray(values), np.ascontiguousarray(neighbours), size, result)
    return result


def complementary_coverage(owner: np.ndarray, prompt: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Share of the prompts of an account and its neighbours that one of them alone sent, less that expected by chance.

    By chance: were the neighbours any accounts of the day. Honest neighbours repeat each other and lie below 0;
    accounts that tile one distribution lie at 0, however alike they are. NaN without neighbours.
    owner : int64; prompt : uint64 hash of each sampled call, 0 = not known
    """
    known = np.flatnonzero(prompt != 0)
    order = known[np.argsort(prompt[known], kind="stable")]
    ordered = prompt[order]
    code = np.empty(len(prompt), np.int64)
    code[order] = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]])[: len(order)])
    offsets, values = _runs(owner[known], code[known], len(neighbours))
    holders = np.bincount(values, minlength=1)
    observed, expected = np.empty((2, len(neighbours)))
    groups.unique_coverage(offsets, values, holders, np.ascontiguousarray(neighbours), observed, expected)
    return observed - expected


def _family_tokens(family: np.ndarray, time: np.ndarray) -> np.ndarray:
    hours = time // HOUR_US
    return (family * (hours.max(initial=0) + 1) + hours).astype(np.uint64)


def complete(
    today: Population, evidence: Evidence, state: State, account_rows: np.ndarray, families: Families, workers: int = 1
) -> tuple[Population, Evidence]:
    """Today's population and its evidence, with every statistic there is.

    account_rows : int64, population row of each account row of the state
    """
    ledger, count = state.ledger.rows, len(today)
    owner, family = account_rows[ledger["account"]], families.of_call
    nothing = np.full(count, np.nan)
    found = {name: evidence.relational.get(name, nothing) for name in POOLED} | dict.fromkeys(NAMES, nothing)
    if evidence.neighbours is not None:
        near = evidence.neighbours
        links = today.link_channel == NETWORK_HOUR
        inside = (owner >= 0) & (family >= 0)
        tokens = _family_tokens(family[inside], ledger["time"][inside])
        size = state.settings.links_per_channel
        network = (today.link_owner[links], today.link_value[links])
        with ThreadPoolExecutor(workers) as pool:
            waiting = {
                "synchrony_families": pool.submit(synchrony, owner[inside], tokens, near),
                "synchrony_networks": pool.submit(synchrony, *network, near, size),
            }
            if today.sample_prompt is not None:
                sent = (today.sample_owner, today.sample_prompt)
                waiting["complementary_coverage"] = pool.submit(complementary_coverage, *sent, near)
        found |= {name: value.result() for name, value in waiting.items()}
    return with_families(today, owner, family), replace(evidence, relational=found)
