"""What can be said of an account beside its neighbours of today, once a run's families are known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.settings import HOUR_US
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.families import Families
from gauger.engine.state.links import NETWORK_HOUR
from gauger.engine.state.state import State
from gauger.engine.statistics.pool import NAMES as POOLED
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.relational import NAMES, complementary_coverage, synchrony, with_families


def _family_tokens(family: np.ndarray, time: np.ndarray) -> np.ndarray:
    hours = time // HOUR_US
    return (family * (hours.max(initial=0) + 1) + hours).astype(np.uint64)


def complete(
    today: Population, evidence: Evidence, state: State, account_rows: np.ndarray, families: Families
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
        asked: dict[str, Callable[[], np.ndarray]] = {
            "synchrony_families": lambda: synchrony(owner[inside], tokens, near),
            "synchrony_networks": lambda: synchrony(*network, near, size),
        }
        if (sent := today.sample_prompt) is not None:
            asked["complementary_coverage"] = lambda: complementary_coverage(today.sample_owner, sent, near)
        found |= zip(asked, threads.each(lambda ask: ask(), asked.values()), strict=True)
    return with_families(today, owner, family), replace(evidence, relational=found)
