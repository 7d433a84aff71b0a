"""Keeping a finished run: its days become reference, its families and findings keep their numbers."""

from datetime import date

import numpy as np

from gauger.engine.plan.finish import Finished, Known, day_of
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import save_findings
from gauger.engine.reference.retention import days_to_keep
from gauger.engine.reference.writing import Writing
from gauger.engine.state.state import State
from gauger.engine.statistics.population import Population, population_of
from gauger.engine.statistics.relational import with_families


def keep(writing: Writing, state: State, finished: Finished, known: Known) -> tuple[list[str], list[str]]:
    """Keep the days of a run, flagged accounts left out, and what is known from then on.

    Returns the days kept, and a sentence for each reason why other days of the run were not.
    """
    panes, calls = _days_of(state)
    retention_days = state.settings.retention_days
    days, warnings = days_to_keep(calls, writing.commit.days(), writing.fixed_days(), retention_days)
    for day in days:
        # A run of one day, the usual case, has its population at hand.
        people = finished.population if len(panes) == 1 else _population_of_panes(state, finished, panes[day])
        clean = np.asarray([name not in finished.flagged for name in people.account_ids], bool)
        lone = np.asarray([name in finished.lone for name in people.account_ids], bool)
        writing.save_day(day, people.select(clean), state.words, state.settings, people.select(lone))
    writing.forget_old_days(retention_days)
    save_families(writing, known.families)
    save_findings(writing, known.findings)
    return [day.isoformat() for day in days], warnings


def _days_of(state: State) -> tuple[dict[date, list[int]], dict[date, int]]:
    """The panes of each UTC day of a run, and its calls."""
    panes: dict[date, list[int]] = {}
    calls: dict[date, int] = {}
    rows = state.accounts.rows
    for pane in np.unique(rows["pane"]).tolist():
        day = day_of(pane * state.settings.pane_us)
        panes.setdefault(day, []).append(pane)
        calls[day] = calls.get(day, 0) + int(rows["calls"][rows["pane"] == pane].sum())
    return panes, calls


def _population_of_panes(state: State, finished: Finished, panes: list[int]) -> Population:
    people, rows = population_of(state, panes)
    family = finished.family_of_call  # calls observed since the last ``finish`` have no families yet
    return with_families(people, rows[state.ledger.rows["account"][: len(family)]], family)
