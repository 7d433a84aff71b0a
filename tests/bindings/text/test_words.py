"""Words: everything the engine measures has a sentence."""

import numpy as np

from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.findings.assessment import signs_of
from gauger.engine.state.accounts import Accounts
from gauger.engine.state.state import State
from gauger.engine.statistics.accounts import account_statistics
from gauger.engine.statistics.population import population_of
from gauger.text import words


def test_every_statistic_of_the_engine_has_words() -> None:
    known = set(words.STATISTICS)
    nothing = np.zeros(0, np.int64)
    assert set(account_statistics(Accounts(Settings()), nothing, nothing, {"prompt_text"})) <= known
    assert {f"today_share_{k}" for k in Settings().neighbours} | {"union_similarity", "conformity"} <= known
    population, _ = population_of(State(Secret.random(), Settings()))
    signs = signs_of(population, population, np.zeros(0, np.int64), np.zeros(0, np.int64), earlier=False)
    assert {sign.statistic for sign in signs} <= known
