"""Accounts that move as one, among others that do not: what signs and verdicts are tested on."""

import numpy as np

from gauger.engine.findings.signs import Group
from gauger.engine.state.links import ADDRESS, NETWORK_HOUR, PARAMETERS, PAYMENT
from tests.engine import worlds

HONEST = 500
MEMBERS = 60
# statistic -> (honest mean, honest spread, a campaign's value)
HABITS = {
    "gap_variation": (1.2, 0.3, 0.1),
    "hour_entropy": (0.5, 0.1, 0.98),
    "addresses_per_call": (0.2, 0.05, 0.9),
    "account_age_days": (400.0, 120.0, 3.0),
    "conversations_per_call": (0.3, 0.1, 1.0),
    "elicitation_share": (0.05, 0.02, 0.8),
}


def world(*, coordinated: bool, seed: int = 1, members: int = MEMBERS) -> Group:
    """The first of today's accounts beside earlier ones; nothing is known of the calls' prompts."""
    random = np.random.default_rng(seed)
    count = members + HONEST
    calls = np.rint(np.exp(random.normal(3.2, 1.0, count))).astype(int) + 1
    habits = {name: random.normal(mean, spread, count) for name, (mean, spread, _) in HABITS.items()}
    links = [(account, ADDRESS, 10_000 + account) for account in range(count)]
    links += [(account, PAYMENT, 20_000 + account) for account in range(count)]
    links += [(account, NETWORK_HOUR, 30_000 + account) for account in range(count)]
    links += [(account, PARAMETERS, 40_000 + int(random.integers(12))) for account in range(count)]
    if coordinated:
        calls[:members] = 26 + random.integers(-1, 2, members)
        for name, (_, spread, value) in HABITS.items():
            habits[name][:members] = value + 0.01 * spread * random.normal(size=members)
        links += [(account, ADDRESS, 50_000 + account // 3) for account in range(members)]
        links = [link for link in links if link[1] != PARAMETERS or link[0] >= members]
        links += [(account, PARAMETERS, 49_999) for account in range(members)]
    today = worlds.bare_population(calls.tolist(), {name: values.tolist() for name, values in habits.items()}, links)
    earlier_habits = {name: random.normal(mean, spread, 800).tolist() for name, (mean, spread, _) in HABITS.items()}
    earlier_calls = np.rint(np.exp(random.normal(3.2, 1.0, 800))).astype(int) + 1
    earlier = worlds.bare_population(earlier_calls.tolist(), earlier_habits, [])
    return Group(today, earlier, np.arange(members), np.zeros(0, np.int64), earlier=True)
