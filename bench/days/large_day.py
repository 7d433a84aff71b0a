"""Writes a large day: the calls of a population in order of time, a file for about every million of them.

Only account and time of all calls are in memory at once, eight bytes a call; everything else is made batch by batch.
"""

import ctypes
import gc
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.days import large_prompts
from bench.days.large_accounts import Block, campaign_block, generator, honest_block, joined
from bench.days.large_texts import Pool
from bench.world.day import DAY, LAG_DAYS
from gauger.simulate import clock, files, people
from gauger.simulate.calls import WRITTEN_SCHEMA, Calls, record_batch
from gauger.simulate.days import midnight_us

ROWS = 65_536  # of a row group
ROW_GROUPS = 16  # of a file
CALLS_PER_ACCOUNT = 28.8
REFERENCE_ACCOUNTS = 19_000  # of a day; 16,000 of them with five calls or more
REGULARS = 30_000  # accounts that come back, on reference days and on the day
_BLOCK = 65_536
_ACCOUNT_BITS = 24  # of the key that calls are sorted by; the time of day is above them
_SESSION_US = 1_800_000_000
_MORE_SHARE = 0.35  # of attack prompts carry an input, and all that are sent once more
_PLAIN = ("prompt_text", "response_id", "start_time")  # a dictionary would not pay


@dataclass(frozen=True)
class Campaign:
    """One that is planted: ``source`` is the attack set it sends, a share ``padding`` of its calls is honest."""

    name: str
    source: str
    accounts: int
    padding: float
    more: float = 0.0  # share of its prompts with an input beside the instruction
    calls: int = 26

    @classmethod
    def parse(cls, text: str) -> "Campaign":
        """Read ``SET:ACCOUNTS[:PADDING]``, padding in percent of its calls; ValueError says how it is written."""
        source, _, numbers = text.partition(":")
        try:
            accounts, padding = map(int, f"{numbers}:0".split(":")[:2])
        except ValueError:
            accounts = padding = 0
        if not (source and accounts > 0 and 0 <= padding < 100):
            raise ValueError(f"a campaign is SET:ACCOUNTS[:PADDING], for example alpaca_52k:500:80, not {text!r}")
        return cls(f"{source}_{accounts}" + f"_padded_{padding}" * (padding > 0), source, accounts, padding / 100)


def planted(calls: int) -> tuple[Campaign, ...]:
    """The campaigns of a day: a large one that grows with it, and one of 500 accounts that does not."""
    large = max(5, round(25_000 * calls / 28_800_000))
    small = min(500, max(5, round(calls / CALLS_PER_ACCOUNT / 20)))
    return (
        Campaign("large_padded_50", "alpaca_52k", large, 0.5, _MORE_SHARE),
        Campaign("small_padded_80", "t0_templates_50k", small, 0.8, 0.0),
    )


def make_day(
    pool: Pool, out: Path, calls: int, seed: int, campaigns: Sequence[Campaign] | None = None
) -> dict[str, Any]:
    """Write ``out/day``, ``out/truth.parquet`` and ``out/about.json``; returns what the last holds.

    A third of the honest accounts are regulars of the reference days, as far as there are so many.

    campaigns : those of ``planted`` if None; ValueError for two of one set, as they would share prompts
    """
    campaigns = planted(calls) if campaigns is None else campaigns
    if len({campaign.source for campaign in campaigns}) < len(campaigns):
        raise ValueError("two campaigns send one set of prompts: give each its own")
    _give_back()
    left = max(10, round(calls / CALLS_PER_ACCOUNT)) - sum(campaign.accounts for campaign in campaigns)
    regular = min(REGULARS, left // 3)
    blocks = [_regulars(pool, seed).first(regular), *_newcomers(pool, seed, left - regular)]
    blocks += [campaign_block(pool, seed, one.name, one.accounts, one.calls, DAY) for one in campaigns]
    everyone = joined(blocks)
    del blocks
    _give_back()
    truth = everyone.accounts
    campaign = pa.array(truth.campaign, pa.string(), mask=truth.campaign == "")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    about = _write(pool, everyone, unfinished / "day", DAY, seed, campaigns)
    files.write_truth(unfinished / "truth.parquet", truth.account_id, campaign, pa.array(truth.kind, pa.string()))
    about |= {"seed": seed, "honest_accounts": left, "regular_accounts": regular}
    about["campaigns"] = {one.name: one.accounts for one in campaigns}
    (unfinished / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    unfinished.rename(out)
    return about


def make_reference(
    pool: Pool, out: Path, seed: int, accounts: int = REFERENCE_ACCOUNTS, days: int = 3
) -> list[dict[str, Any]]:
    """Write clean days, a folder each below ``out``, the newest ``LAG_DAYS`` before the day; what is in each.

    Half of a day's accounts are regulars, the others come once.
    """
    found = []
    regulars = _regulars(pool, seed)
    for age in range(LAG_DAYS + days - 1, LAG_DAYS - 1, -1):
        when = DAY - timedelta(days=age)
        known = min(accounts // 2, REGULARS)
        rows = np.sort(generator("present", seed, when).choice(REGULARS, known, replace=False))
        own = honest_block(pool, seed, f"once/{when}", accounts - known, when)
        everyone = joined([regulars.some(rows), own])
        shutil.rmtree(out / str(when), ignore_errors=True)
        found.append({"day": str(when)} | _write(pool, everyone, out / str(when), when, seed, ()))
    (out / "about.json").write_text(json.dumps(found, indent=1) + "\n")
    return found


def _give_back() -> None:
    """Return what was freed to the system: a million accounts and their calls are a gigabyte on the way."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pa.default_memory_pool().release_unused()


def _regulars(pool: Pool, seed: int) -> Block:
    return honest_block(pool, seed, "regular", REGULARS, DAY)


def _newcomers(pool: Pool, seed: int, count: int) -> list[Block]:
    """The first so many accounts that no reference day knows."""
    sizes = [min(_BLOCK, count - at) for at in range(0, count, _BLOCK)]
    return [honest_block(pool, seed, f"new/{number}", _BLOCK, DAY).first(size) for number, size in enumerate(sizes)]


def _keys(everyone: Block, when: date, seed: int) -> np.ndarray:
    """Microsecond of the day and account of every call, in one sorted int64 each."""
    parts = []
    for at in range(0, len(everyone), _BLOCK):
        random = generator("calls", seed, when, at)
        rows = slice(at, at + _BLOCK)
        guilty = everyone.accounts.campaign[rows] != ""
        usual = everyone.habits.volume[rows]
        volumes = np.where(
            guilty, np.maximum(1, np.rint(random.normal(usual, 1.0))), people.day_volumes(random, usual)
        ).astype(np.int64)
        shape = {"hour_spread": 3.0, "turns": 4.0, "gap_s": 70.0, "gap_spread": 1.3}
        second = clock.sessions(random, volumes, hour=everyone.habits.hour[rows], **shape).second
        account = np.repeat(np.arange(volumes.size), volumes)
        even = guilty[account]
        second[even] = random.random(int(even.sum())) * clock.SECONDS_PER_DAY
        parts.append(((second * 1e6).astype(np.int64) << _ACCOUNT_BITS) | (at + account))
    keys = np.concatenate(parts)
    del parts
    keys.sort()
    return keys


class _Deck:
    """The prompts of one campaign, dealt over the day: each once before any is sent again with another input."""

    def __init__(self, pool: Pool, campaign: Campaign, seed: int) -> None:
        span = pool.members[campaign.source]
        self._pieces = span.first + generator("deck", seed, campaign.name).permutation(span.size)
        self._dealt = 0
        self.campaign = campaign

    def deal(self, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The next pieces, and which of them carry an input."""
        places = self._dealt + np.arange(count)
        self._dealt += count
        again = places >= self._pieces.size
        return self._pieces[places % self._pieces.size], again | (random.random(count) < self.campaign.more)


def _write(
    pool: Pool, everyone: Block, out: Path, when: date, seed: int, campaigns: Sequence[Campaign]
) -> dict[str, Any]:
    """The files of one day; what is in them."""
    keys = _keys(everyone, when, seed)
    _give_back()
    decks = [_Deck(pool, campaign, seed) for campaign in campaigns]
    hashes, prompt_bytes, paths = np.empty(keys.size, np.uint64), 0, []
    dictionary = [name.name for name in WRITTEN_SCHEMA if name.name not in _PLAIN and not pa.types.is_list(name.type)]
    out.mkdir(parents=True, exist_ok=True)
    for begin in range(0, keys.size, ROWS * ROW_GROUPS):
        paths.append(out / f"{when}-{len(paths):03d}.parquet")
        with pq.ParquetWriter(paths[-1], WRITTEN_SCHEMA, compression="zstd", use_dictionary=dictionary) as writer:
            for at in range(begin, min(begin + ROWS * ROW_GROUPS, keys.size), ROWS):
                random = generator("batch", seed, when, at)
                batch, found = _batch(pool, everyone, keys[at : at + ROWS], when, random, decks)
                hashes[at : at + batch.num_rows] = found
                prompt_bytes += pc.sum(pc.binary_length(batch.column("prompt_text"))).as_py()
                writer.write_batch(batch, row_group_size=ROWS)
    volumes = np.bincount(keys & ((1 << _ACCOUNT_BITS) - 1))
    del keys
    hashes.sort()
    return {
        "calls": hashes.size,
        "accounts": len(everyone),
        "file_bytes": sum(path.stat().st_size for path in paths),
        "prompt_bytes": prompt_bytes,
        "distinct_prompts": int(np.count_nonzero(hashes[1:] != hashes[:-1])) + 1,
        "five_calls_or_more": int((volumes >= 5).sum()),
        "calls_of_accounts": {str(q): int(np.quantile(volumes, q / 100)) for q in (0, 5, 25, 50, 75, 95, 99, 100)},
    }


def _batch(
    pool: Pool, everyone: Block, keys: np.ndarray, when: date, random: np.random.Generator, decks: Sequence[_Deck]
) -> tuple[pa.RecordBatch, np.ndarray]:
    account, time = keys & ((1 << _ACCOUNT_BITS) - 1), keys >> _ACCOUNT_BITS
    attack, more = np.full(account.size, -1), np.zeros(account.size, bool)
    for deck in decks:
        rows = np.flatnonzero(everyone.accounts.campaign[account] == deck.campaign.name)
        rows = rows[random.random(rows.size) >= deck.campaign.padding]
        attack[rows], more[rows] = deck.deal(rows.size, random)
    # A session is half an hour of an account: one conversation if it keeps any, and one of its addresses.
    session = _mixed(account, (time + (_mixed(account, 0) % _SESSION_US)) // _SESSION_US)
    guilty = everyone.accounts.campaign[account] != ""
    draw = np.where(guilty, random.random(account.size), (session >> 8) / float(1 << 54))
    accounts = everyone.accounts
    address = accounts.address_first[account] + (draw * accounts.address_count[account]).astype(np.int64)
    empty = np.empty(0, np.int32)
    calls = Calls(
        account=account,
        time=midnight_us(when) + time,
        address=address,
        conversation=np.where(everyone.habits.converses[account], session, -1),
        root=empty,
        attributes=empty,
        casing=empty,
        typing_errors=empty,
    )
    written = large_prompts.write(pool, everyone.habits, account, random, attack, more)
    batch = record_batch(accounts, calls, everyone.addresses, everyone.as_numbers, random, prompt=written.prompts)
    return batch, written.hashes


def _mixed(account: np.ndarray, number: np.ndarray | int) -> np.ndarray:
    """62 bits that are the same for the same account and number (the finaliser of SplitMix64); int64."""
    value = account.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.asarray(number, np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
    return ((value ^ (value >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)
