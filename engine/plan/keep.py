"""Keeping a finished run: its days become reference, its families and findings keep their numbers."""

import numpy as np

from gauger.engine.plan.finish import Finished, Known, day_of
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_findings import save_findings
from gauger.engine.state.state import State
from gauger.engine.statistics.population import Population, population_of
from gauger.engine.statistics.relational import with_families


def keep(directory: StateDirectory, state: State, finished: Finished, known: Known) -> list[str]:
    """Keep the days of a run, flagged accounts left out, and what is known from then on. Returns the days."""
    days = []
    panes = np.unique(state.accounts.rows["pane"]).tolist()
    for pane in panes:
        # A run of one day, the usual case, has its population at hand.
        people = finished.population if len(panes) == 1 else _population_of_pane(state, finished, pane)
        clean = np.asarray([name not in finished.flagged for name in people.account_ids], bool)
        lone = np.asarray([name in finished.lone for name in people.account_ids], bool)
        day = day_of(pane * state.settings.pane_us)
        directory.save_day(day, people.select(clean), state.words, state.settings, people.select(lone))
        days.append(day.isoformat())
    directory.save_families(known.families)
    save_findings(directory, known.findings)
    return days


def _population_of_pane(state: State, finished: Finished, pane: int) -> Population:
    people, rows = population_of(state, [pane])
    family = finished.family_of_call  # calls observed since the last ``finish`` have no families yet
    return with_families(people, rows[state.ledger.rows["account"][: len(family)]], family)
