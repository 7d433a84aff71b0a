"""One campaign's prompts, said in another place of the call: what is found, against the same texts as the user's turn.

Three clean days make the reference. Today the campaign's accounts say an honest prompt in the user's last turn, and
the campaign's own elsewhere: in the system text, in an earlier turn, in a tool's result ... The honest accounts are
those of the same day; in one row they all carry a reminder that their harness injects, in another an app's system
text, and every account that is flagged beyond the plain day would be flagged for that.

Run as ``python -m bench.days.placed --seeds 31`` from the root of the repository.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.days.command import figure_of, parser_of, run
from bench.pages import history
from bench.pages.markdown import table
from bench.world.campaigns import LADDER
from bench.world.day import DAY
from bench.world.days import Days
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population

Chat = Callable[[str, Sequence[str]], Any]
_DECOYS = 30  # honest prompts at hand for a call; most places need one
REMINDER = "<system-reminder>\nThe list of tasks is empty. Do not mention this to the user.\n</system-reminder>\n"
APP = "You are the assistant of a travel agency. Answer in two sentences and never mention other agencies."


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


_ANSWER = {"role": "assistant", "content": "Certainly. Here is what you asked for."}
_ASKED = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "read"}}]}
# Where a campaign says its prompt; the others are honest accounts'.
PLACES: dict[str, Chat] = {
    "the only user turn": lambda own, _: [_user(own)],
    "the system text": lambda own, decoys: [{"role": "system", "content": own}, _user(decoys[0])],
    "an earlier turn, answered": lambda own, decoys: [_user(own), _ANSWER, _user(decoys[0])],
    "the turn before a decoy": lambda own, decoys: [_user(own), _user(decoys[0])],
    "a prefilled answer": lambda own, decoys: [_user(decoys[0]), {"role": "assistant", "content": own}],
    "a tool's result": lambda own, decoys: [_user(decoys[0]), _ASKED, {"role": "tool", "content": own}],
    "a tool's result, answered": lambda own, decoys: [
        _user(decoys[0]), _ASKED, {"role": "tool", "content": own}, _ANSWER, _user(decoys[0])
    ],
    "a string like JSON": lambda own, _: orjson.dumps({"text": own}).decode(),
    "a part before a decoy": lambda own, decoys: [_user([_text(own), _text(decoys[0])])],
    "beside an image": lambda own, _: [_user([{"type": "image_url", "image_url": {"url": "data:,"}}, _text(own)])],
    "an injected block": lambda own, decoys: [_user(f"<system-reminder>{own}</system-reminder>\n{decoys[0]}")],
    "the system text, before thirty honest turns": lambda own, decoys: [
        {"role": "system", "content": own}, *map(_user, decoys)
    ],
}  # fmt: skip
HONEST: dict[str, Chat] = {
    "none; honest calls as they are": lambda own, _: [_user(own)],
    "none; every honest call with a reminder": lambda own, _: [_user(REMINDER + own)],
    "none; every honest call with an app's system text": lambda own, _: [
        {"role": "system", "content": APP},
        _user(own),
    ],
}


@dataclass(frozen=True)
class Row:
    """One place."""

    seed: int
    place: str
    recall: float | None  # None without a campaign
    false: int
    honest: int  # accounts weighed


def measure(days: Days, calls: int, campaign: str) -> Iterator[Row]:
    """All places in one world."""
    secret = Secret(hashlib.blake2b(f"placed/{days.seed}".encode(), digest_size=16).digest())
    ages = (9, 8, 7)
    reference = concatenate(
        [_population(days.honest(DAY - timedelta(days=age), calls)[0], secret, None, ()) for age in ages]
    )
    log, _ = days.honest(DAY, calls)
    decoys = pq.read_table(log, columns=["prompt_text"]).column(0).to_pylist()
    for place, chat in HONEST.items():
        yield _row(days.seed, place, _population(log, secret, chat, decoys), reference, set(), secret)
    today = _population(log, secret, None, ())
    planted, truth = days.planted(campaign, DAY, [LADDER[campaign]])
    named = set(pq.read_table(truth).column("account_id").to_pylist())
    for place, chat in PLACES.items():
        both = concatenate([today, _population(planted, secret, chat, decoys)])
        yield _row(days.seed, place, both, reference, named, secret)


def _population(log: Path, secret: Secret, chat: Chat | None, decoys: Sequence[str]) -> Population:
    """The accounts of a log, whose prompts are said as ``chat`` has it."""
    engine, random = Engine(secret=secret, workers=2), Random("decoys")
    for batch in pq.ParquetFile(log).iter_batches():
        said = batch
        if chat is not None:
            texts = batch.column("prompt_text").to_pylist()
            chats = [chat(text, random.sample(decoys, _DECOYS)) for text in texts]
            column = [one if isinstance(one, str) else orjson.dumps(one).decode() for one in chats]
            said = batch.drop_columns(["prompt_text"]).append_column("messages", pa.array(column, pa.string()))
        engine.observe(said)
    return population_of(engine.state)[0]


def _row(seed: int, place: str, today: Population, reference: Population, campaign: set[str], secret: Secret) -> Row:
    settings = Settings()
    people = Whole(today, secret.key, settings.calls_min)
    found = gather_decontaminated(people, reference, secret.key, settings).evidence
    flagged = found.probability < settings.alarm_level
    planted = np.asarray([account in campaign for account in today.account_ids])
    recall = float(flagged[planted].mean()) if planted.any() else None
    return Row(seed, place, recall, int(flagged[~planted].sum()), int(np.sum(~np.isnan(found.probability) & ~planted)))


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """The figures as a table."""
    plain = {row.seed: row.recall for row in rows if row.place == next(iter(PLACES))}
    lines = []
    for row in rows:
        whole = plain.get(row.seed)
        of_it = "" if row.recall is None or not whole else f"{row.recall / whole:.2f}"
        recall = "" if row.recall is None else f"{row.recall:.1%}"
        lines.append([row.place, str(row.seed), recall, of_it, f"{row.false} of {row.honest:,}"])
    head = ["the campaign's text is in", "seed", "recall", "of that as the only user turn", "honest flagged"]
    return figure_of(measured_on, table(head, lines, rule="---"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = parser_of("placed", __doc__, (31,), 60_000)
    parser.add_argument("--campaign", default="alpaca_padded_80", choices=sorted(LADDER), help="(%(default)s)")
    chosen = parser.parse_args(arguments)
    run(chosen, lambda days: list(measure(days, chosen.calls, chosen.campaign)), figure)


if __name__ == "__main__":
    main()
