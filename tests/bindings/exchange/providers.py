"""Two providers that never saw each other's key: at one a campaign of forty accounts, at the other four of its kind."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch.score import score
from gauger.engine.common.secret import Secret
from gauger.exchange.sharing import join
from tests.engine import worlds
from tests.engine.worlds import Call

FEW = 4


@dataclass(frozen=True)
class Provider:
    """A provider's run of a day, and the state it was scored with."""

    out: Path
    state: Path
    day: Path  # its log


def log(path: Path, calls: list[Call]) -> Path:
    pq.write_table(pa.Table.from_batches([worlds.batch(calls)]), path)
    return path


def key_file(path: Path, letter: str) -> Path:
    """A consortium's key, the same in every run of a test."""
    path.write_text(letter * 32)
    path.chmod(0o600)
    return path


def provider(folder: Path, key: Path, seed: int, calls: list[Call]) -> Provider:
    """A provider that joined the consortium, scored a reference day and then this day."""
    folder.mkdir()
    state = join(folder / "state", key, Secret(bytes([seed]) * 16)).path
    before = worlds.honest_day(seed, 260, 6, day=worlds.DAY - timedelta(days=8))
    score([log(folder / "before.parquet", before)], folder / "before", state=state, settings=worlds.ENGINE_SETTINGS)
    day = log(folder / "day.parquet", calls)
    score([day], folder / "day", state=state, settings=worlds.ENGINE_SETTINGS)
    return Provider(folder / "day", state, day)


def campaign() -> list[Call]:
    """The campaign's day, each of its accounts on a network of its own: forty owners, as far as a log can tell."""
    return [
        call | {"client_address": f"172.16.{name.partition('-')[2]}.1"} if name.startswith("campaign") else call
        for call in worlds.campaign_day()
        for name in [call["account_id"]]
    ]


def few_of_it() -> list[Call]:
    """A hundred honest accounts and four of the campaign's kind: its frame, other words, mostly padding."""
    calls = worlds.honest_day(12, 100, 6)
    own = [call for call in worlds.campaign_day() if call["account_id"] in {f"campaign-{one}" for one in range(30, 34)}]
    words = worlds.Words(98)
    for number in range(FEW):
        attack = [call for call in own if call["account_id"] == f"campaign-{30 + number}"][:3]
        calls += [call | {"account_id": f"few-{number}", "client_address": f"10.9.0.{number}"} for call in attack]
        calls += [worlds.call(f"few-{number}", words.text(8, 30), 9_000.0 * one) for one in range(6)]
    return worlds.shuffled(calls, 4)
