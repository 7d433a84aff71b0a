"""A simulation: clean reference days, and a day with campaigns in it."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.simulate import calls as call_arrays
from gauger.simulate import campaigns as campaign_traffic
from gauger.simulate import cohorts, files, people
from gauger.simulate.accounts import Accounts, Network, concatenate
from gauger.simulate.calls import Calls
from gauger.simulate.campaigns import DEFAULT_CAMPAIGNS, CampaignSpec

DAYS_ENOUGH = 5  # of reference, each like the day itself; with four, the first of them is held against too few
LAG_DAYS = 7  # the last reference day is this many days before the day
_ROWS_PER_BATCH = 16_384
_COHORT_CALLS = 200_000  # a day of this size has the cohorts at full size
_SEEN_SHARE = 0.6  # of the day's people have been there in the reference week
_POOL = 1.5  # people of the reference week for each one active on a day


@dataclass(frozen=True)
class SimulatedPaths:
    """What a simulation wrote."""

    reference: tuple[Path, ...]
    day: Path
    truth: Path


@dataclass(frozen=True)
class _World:
    """Everyone there is: people (those of the reference week before the new ones), cohorts, campaigns."""

    people: people.People
    person_accounts: Accounts
    active: int  # people a day
    known: int  # people who were there in the reference week
    cohorts: list[cohorts.Cohort]
    campaigns: list[tuple[CampaignSpec, Accounts]]
    network: Network

    def accounts(self) -> Accounts:
        """All of them, in the numbering that the calls use."""
        groups = [cohort.accounts for cohort in self.cohorts] + [accounts for _, accounts in self.campaigns]
        return concatenate([self.person_accounts, *groups])


def midnight_us(day: datetime.date) -> int:
    """The first microsecond of a UTC day, since 1970."""
    return (day - datetime.date(1970, 1, 1)).days * 86_400_000_000


def _draw_world(calls: int, specs: Sequence[CampaignSpec], seed: int, day: datetime.date) -> _World:
    rng = np.random.default_rng([seed, 0])
    network, midnight = Network(rng), midnight_us(day)
    groups = cohorts.draw_cohorts(rng, network, midnight, calls / _COHORT_CALLS)
    cohort_calls = sum(len(cohort.accounts) * cohort.calls for cohort in groups)
    active = max(20, round((calls - cohort_calls) / people.MEAN_CALLS))
    known = round(active * _POOL)
    count = known + active - round(active * _SEEN_SHARE)
    habits = people.draw_people(rng, count)
    accounts = people.draw_accounts(rng, count, network, midnight)
    planted = [
        (spec, campaign_traffic.campaign_accounts(rng, spec, number, network, midnight))
        for number, spec in enumerate(specs)
    ]
    return _World(habits, accounts, active, known, groups, planted, network)


def _benign_calls(
    world: _World, rng: np.random.Generator, day: datetime.date, active: np.ndarray, total: int | None
) -> list[Calls]:
    """Everyone honest on one day, cohorts included.

    A reference day has a ``total``: the same people, those with many calls cut short until the sum fits,
    and only the cohorts that are already known.
    """
    midnight = midnight_us(day)
    volumes = people.day_volumes(rng, world.people.volume[active])
    if total is not None:
        volumes = people.cut_short(rng, volumes, total)
    parts = [people.day_of_people(rng, world.people, world.person_accounts, active, volumes, midnight)]
    first = len(world.person_accounts)
    for cohort in world.cohorts:
        if cohort.known or total is None:
            limit = None if total is None else int(volumes.max())
            parts.append(cohorts.day_of_cohort(rng, cohort, first, midnight, day.toordinal(), limit))
        first += len(cohort.accounts)
    return parts


def _campaign_calls(world: _World, rng: np.random.Generator, midnight: int) -> list[Calls]:
    first = len(world.person_accounts) + sum(len(cohort.accounts) for cohort in world.cohorts)
    parts = []
    for number, (spec, accounts) in enumerate(world.campaigns):
        parts.append(campaign_traffic.campaign_calls(rng, spec, number, accounts, first, world.people, midnight))
        first += len(accounts)
    return parts


def _rendered(
    calls: Calls, accounts: Accounts, network: Network, rng: np.random.Generator, tick: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """Batches in order of time; prompts are written a batch at a time, so that memory stays small."""
    addresses, as_numbers = network.addresses(), network.as_numbers()
    ordered = call_arrays.by_time(calls)
    for start in range(0, len(ordered), _ROWS_PER_BATCH):
        rows = ordered.take(slice(start, start + _ROWS_PER_BATCH))
        yield call_arrays.record_batch(accounts, rows, addresses, as_numbers, rng)
        tick(len(rows))


def _reference_day(
    world: _World, seed: int, day: datetime.date, total: int, out: Path, tick: Callable[[int], None]
) -> Path:
    rng = np.random.default_rng([seed, 1, day.toordinal()])
    active = rng.choice(world.known, world.active, replace=False)
    calls = call_arrays.concatenate(_benign_calls(world, rng, day, active, total))
    path = out / "reference" / f"{day.isoformat()}.parquet"
    batches = _rendered(calls, world.accounts(), world.network, rng, tick)
    files.write_calls(path, call_arrays.WRITTEN_SCHEMA, batches)
    return path


def _attacked_day(
    world: _World, seed: int, day: datetime.date, out: Path, tick: Callable[[int], None]
) -> tuple[Path, Path]:
    rng = np.random.default_rng([seed, 2, day.toordinal()])
    seen = rng.choice(world.known, round(world.active * _SEEN_SHARE), replace=False)
    active = np.concatenate([seen, np.arange(world.known, len(world.person_accounts))])
    parts = _benign_calls(world, rng, day, active, None) + _campaign_calls(world, rng, midnight_us(day))
    calls = call_arrays.concatenate(parts)
    accounts = world.accounts()
    day_path, truth_path = out / "day" / f"{day.isoformat()}.parquet", out / "truth.parquet"
    batches = _rendered(calls, accounts, world.network, rng, tick)
    files.write_calls(day_path, call_arrays.WRITTEN_SCHEMA, batches)
    present = np.unique(calls.account)
    campaign = accounts.campaign[present]
    files.write_truth(
        truth_path,
        accounts.account_id.take(pa.array(present)),
        pa.array(campaign, pa.string(), mask=campaign == ""),
        pa.array(accounts.kind[present], pa.string()),
    )
    return day_path, truth_path


def simulate(
    out: Path,
    *,
    calls: int = 200_000,
    campaigns: Sequence[CampaignSpec] = DEFAULT_CAMPAIGNS,
    seed: int = 1,
    day: datetime.date = datetime.date(2026, 3, 16),
    reference_days: int = 7,
    reference_calls: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedPaths:
    """Write ``reference_days`` clean days and one day with ``campaigns`` in it, and who was who.

    ``calls`` counts the honest calls of the day; those of the campaigns come on top. Reference days end seven
    days before ``day`` and have as many accounts as it. Each has about ``reference_calls`` calls, a fifth of
    ``calls`` unless given: the busier accounts are cut short. With ``reference_calls`` equal to ``calls``
    nothing is cut, and a reference day is a day like any other. ``progress`` is told calls written and calls
    expected. Same arguments, same bytes. Raises ``ValueError`` for impossible counts.
    """
    if calls < 500 or reference_days < 0 or (reference_calls is not None and reference_calls < 1):
        raise ValueError("a simulation needs at least 500 calls, 0 reference days and 1 reference call")
    out = Path(out)
    per_reference_day = calls // 5 if reference_calls is None else reference_calls
    world = _draw_world(calls, campaigns, seed, day)
    planted = sum(spec.accounts * spec.calls for spec in campaigns)
    expected, written = calls + planted + reference_days * per_reference_day, 0

    def tick(count: int) -> None:
        nonlocal written
        written += count
        if progress is not None:
            progress(min(written, expected), expected)

    before = [day - datetime.timedelta(days=LAG_DAYS + back) for back in reversed(range(reference_days))]
    reference = tuple(_reference_day(world, seed, one, per_reference_day, out, tick) for one in before)
    day_path, truth_path = _attacked_day(world, seed, day, out, tick)
    if progress is not None:
        progress(expected, expected)
    return SimulatedPaths(reference, day_path, truth_path)
