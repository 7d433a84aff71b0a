"""Heavy accounts: relay pools, in which few accounts carry the calls of many hands, and one person's honest audit."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from bench.world.crowds import lines_of
from bench.world.people import FLAT, Call, identifier, random_address
from bench.world.teams import Cohort, Drawn, Setting, machine, of_texts

_POOL_ACCOUNTS, _HANDS = 6, 400
_AUDIT_AGENTS, _AUDIT_CALLS, _FILE_LINES = 5, 400, 12
AUDIT_FRAME = (
    "You are one of five reviewers of my notes. Read the file and list what is out of date, with the line and what it "
    "should say. Answer in a table.\nFile:\n{message}"
)


def _relay_pool(setting: Setting) -> Iterator[Drawn]:
    """Six accounts resold to four hundred people: whoever calls next is served by the next account in turn."""
    calls: list[Call] = []
    for habit in setting.habits(_HANDS):
        calls += setting.calls(replace(habit, template=None))[1]
    calls.sort(key=lambda call: call.second)
    pool = setting.habits(_POOL_ACCOUNTS)
    for number, habit in enumerate(pool):
        own = calls[number::_POOL_ACCOUNTS]
        habit = replace(habit, template=None, org=None, hours=FLAT, rate=float(len(own)))
        yield habit, own


def _own_audit(setting: Setting) -> Iterator[Drawn]:
    """One person has five agents read two thousand files of their own in a night, one prompt around each."""
    lines = lines_of(setting.corpora / "benign" / "people_en_ubuntu_irc_askers.parquet")
    random, org = setting.random(), identifier("org", setting.name)
    addresses = (random_address(random),)
    for habit in setting.habits(_AUDIT_AGENTS):
        own = Random(f"audit/{habit.account_id}")
        files = of_texts(["\n".join(own.sample(lines, _FILE_LINES)) for _ in range(_AUDIT_CALLS)])
        night = tuple(1.0 if hour < 6 else 1e-6 for hour in range(24))
        habit = machine(habit, random, org, addresses, hours=night, template=AUDIT_FRAME, variation=0.5)
        yield setting.calls(replace(habit, rate=float(_AUDIT_CALLS)), files)


POOLS: dict[str, Cohort] = {"relay pool": _relay_pool}
AUDITS: dict[str, Cohort] = {"audit of own files": _own_audit}
