"""Every honest cohort that can be new on a day."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from bench.world.corpora import Source, Traffic
from bench.world.crowds import CROWDS
from bench.world.relays import AUDITS, POOLS
from bench.world.teams import TEAMS, Drawn, Setting

COHORTS = TEAMS | CROWDS | AUDITS  # honest
PLANTED = COHORTS | POOLS


def cohort_accounts(
    seed: int, name: str, corpora: Path, sources: Mapping[str, Source], traffic: Traffic, when: date
) -> Iterator[Drawn]:
    """The accounts of one of ``PLANTED`` on a day, with their calls."""
    return PLANTED[name](Setting(seed, name, corpora, sources, traffic, when))
