"""Keeping a finished run: its days become reference, its families and findings keep their numbers."""

import numpy as np

from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.finish import Finished, Known, day_of
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.keeping import KeptDay, kept_day
from gauger.engine.reference.kept_findings import save_findings
from gauger.engine.statistics.people import People
from gauger.engine.statistics.relational import family_entropy


def keep(directory: StateDirectory, words: WordSketch, finished: Finished, known: Known) -> list[str]:
    """Keep the days of a run, flagged accounts left out, and what is known from then on. Returns the days.

    words : of the run, for the novelty of later days
    """
    days = []
    panes = sorted(finished.day.calls_of_panes)
    for pane, people in zip(panes, finished.day.of_panes(panes), strict=True):
        day = day_of(pane * finished.day.settings.pane_us)
        directory.save_day(day, _kept(finished, pane, people), words)
        days.append(day.isoformat())
    directory.save_families(known.families)
    save_findings(directory, known.findings)
    return days


def _kept(finished: Finished, pane: int, people: People) -> KeptDay:
    """What is kept of a pane of time: the accounts that have calls in it, by those calls."""
    day = finished.day
    names = np.asarray(day.people.account_ids, object)
    rows = np.searchsorted(names, np.asarray(people.account_ids, object))  # of the whole run
    place = np.full(len(names), -1)
    place[rows] = np.arange(len(rows))
    entropy = np.full(len(rows), np.nan)
    for unit in range(day.people.units):
        owners, calls = place[day.people.rows(unit)], day.calls(unit)
        inside = calls.time // day.settings.pane_us == pane
        family = finished.families.of_group[finished.spread.groups[unit][inside]]
        known = np.flatnonzero(owners >= 0)
        found = family_entropy(calls.owner[inside], family, len(owners))
        entropy[owners[known]] = found[known]
    statistics = {**people.accounts.statistics, "family_entropy": entropy}
    return kept_day(people, statistics, finished.flagged[rows], finished.lone[rows], day.settings, day.secret)
