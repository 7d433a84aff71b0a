"""What can be said of an account beside its neighbours of today, once a run's families are known."""

from collections.abc import Callable

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.families import Members
from gauger.engine.state.links import NETWORK_HOUR
from gauger.engine.statistics.people import People
from gauger.engine.statistics.pool import NAMES as POOLED
from gauger.engine.statistics.relational import NAMES, complementary_coverage, synchrony


def _family_tokens(family: np.ndarray, time: np.ndarray) -> np.ndarray:
    hours = time // HOUR_US
    return (family * (hours.max(initial=0) + 1) + hours).astype(np.uint64)


def related(
    people: People, evidence: Evidence, members: Members, family: np.ndarray, settings: Settings
) -> dict[str, np.ndarray]:
    """Statistics of accounts against their neighbours of today and the reference; float64[n] each.

    members : the calls in families; family : int64, row of the family of each
    """
    nothing = np.full(len(people.calls), np.nan)
    found = {name: evidence.relational.get(name, nothing) for name in POOLED} | dict.fromkeys(NAMES, nothing)
    if evidence.neighbours is None:
        return found
    near, today = evidence.neighbours, people.accounts
    links = today.link_channel == NETWORK_HOUR
    network = (today.link_owner[links], today.link_value[links])
    asked: dict[str, Callable[[], np.ndarray]] = {
        "synchrony_families": lambda: synchrony(members.account, _family_tokens(family, members.time), near),
        "synchrony_networks": lambda: synchrony(*network, near, settings.links_per_channel),
        "complementary_coverage": lambda: complementary_coverage(*people.sampled(), near),
    }
    found |= zip(asked, threads.each(lambda ask: ask(), asked.values()), strict=True)
    return found
