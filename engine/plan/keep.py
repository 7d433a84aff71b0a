"""Keeping a finished run: its days become reference, its families and findings keep their numbers."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.finish import Finished, Known, day_of
from gauger.engine.reference.keeping import KeptDay, kept_day
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import save_findings
from gauger.engine.reference.retention import days_to_keep
from gauger.engine.reference.writing import Writing
from gauger.engine.statistics.people import People
from gauger.engine.statistics.relational import family_entropy


def keep(writing: Writing, words: WordSketch, finished: Finished, known: Known) -> tuple[list[str], list[str]]:
    """Keep the days of a run, flagged accounts left out, and what is known from then on.

    words : of the run, for the novelty of later days
    Returns the days kept, and a sentence for each reason why other days of the run were not.
    """
    panes, calls = days_of(finished.day.calls_of_panes, finished.day.settings)
    retention_days = finished.day.settings.retention_days
    days, warnings = days_to_keep(calls, writing.commit.days(), writing.fixed_days(), retention_days)
    for day, people in zip(days, finished.day.of_panes([panes[day] for day in days]), strict=True):
        writing.save_day(day, _kept(finished, panes[day], people), words)
    writing.forget_old_days(retention_days)
    save_families(writing, known.families)
    save_findings(writing, known.findings)
    return [day.isoformat() for day in days], warnings


def keep_numbers(writing: Writing, known: Known) -> None:
    """Keep what families and findings are called, of a day that is not over: nothing of it becomes reference."""
    save_families(writing, known.families)
    save_findings(writing, known.findings)


def days_of(calls_of_panes: Mapping[int, int], settings: Settings) -> tuple[dict[date, list[int]], dict[date, int]]:
    """The panes of each UTC day of a run, and its calls."""
    panes: dict[date, list[int]] = {}
    calls: dict[date, int] = {}
    for pane, number in sorted(calls_of_panes.items()):
        day = day_of(pane * settings.pane_us)
        panes.setdefault(day, []).append(pane)
        calls[day] = calls.get(day, 0) + number
    return panes, calls


def _kept(finished: Finished, panes: list[int], people: People) -> KeptDay:
    """What is kept of some panes of time: the accounts that have calls in them, by those calls."""
    day = finished.day
    names = np.asarray(day.people.account_ids, object)
    rows = np.searchsorted(names, np.asarray(people.account_ids, object))  # of the whole run
    place = np.full(len(names), -1)
    place[rows] = np.arange(len(rows))
    entropy = np.full(len(rows), np.nan)
    for unit in range(day.people.units):
        owners, calls = place[day.people.rows(unit)], day.calls(unit)
        inside = np.isin(calls.time // day.settings.pane_us, panes)
        family = finished.families.of_group[finished.spread.groups[unit][inside]]
        known = np.flatnonzero(owners >= 0)
        found = family_entropy(calls.owner[inside], family, len(owners))
        entropy[owners[known]] = found[known]
    statistics = {**people.accounts.statistics, "family_entropy": entropy}
    flagged, lone, finding = (values[rows] for values in (finished.flagged, finished.lone, finished.finding))
    return kept_day(people, statistics, flagged, lone, finding, day.settings, day.secret)
