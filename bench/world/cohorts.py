"""Every honest cohort that can be new on a day."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from bench.world.corpora import Source, Traffic
from bench.world.crowds import CROWDS
from bench.world.teams import TEAMS, Drawn, Setting

COHORTS = TEAMS | CROWDS


def cohort_accounts(
    seed: int, name: str, corpora: Path, sources: Mapping[str, Source], traffic: Traffic, when: date
) -> Iterator[Drawn]:
    """The accounts of one of ``COHORTS`` on a day, with their calls."""
    return COHORTS[name](Setting(seed, name, corpora, sources, traffic, when))
