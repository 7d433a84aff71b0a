"""Runs of agents and chats out of the shared corpora: every call with its whole context, in the order it was made."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow.parquet as pq

# Honest: corpus -> accounts of a day. Each has sessions of its own, other ones every day.
PEOPLE: dict[str, int] = {
    "coding_claude_code_sessions": 60,
    "coding_realhumaneval_chat": 12,
    "coding_aider_author": 6,
    "people_fr_en_diabla_chat": 60,
}
CAMPAIGNS = (
    "agentic_sweagent_runs",
    "agentic_autocoderover_runs",
    "agentic_fireact_gpt4",
    "agentic_tau_airline_gpt4o",
    "agentic_toolbench_queries_rendered",
)
Chat = list[dict[str, Any]]
# How a log may hold a call: as it is, or without what one role says.
VIEWS: dict[str, Callable[[Chat], Chat]] = {
    "whole": lambda chat: chat,
    "no system text, no tools": lambda chat: [
        {name: value for name, value in said.items() if name != "tools"}
        for said in chat
        if said["role"] not in ("system", "developer")
    ],
    "no tool results": lambda chat: [said | {"content": ""} if said["role"] == "tool" else said for said in chat],
    "last message alone": lambda chat: [{"role": "user", "content": chat[-1].get("content") or ""}],
}


def sessions(path: Path) -> list[list[str]]:
    """The calls of every session of a corpus, JSON of their messages; a session is in order of its turns."""
    table = pq.read_table(path, columns=["session", "turn", "messages"])
    found: dict[Any, list[tuple[int, str]]] = {}
    for session, turn, messages in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        if messages:
            found.setdefault(session, []).append((turn or 0, messages))
    return [[messages for _, messages in sorted(calls, key=lambda call: call[0])] for calls in found.values()]


def dressed(text: str, honest: str) -> str:
    """A call in another's harness: its system text and tools in place of one's own."""
    own = [said for said in orjson.loads(text) if said["role"] not in ("system", "developer")]
    harness = [said for said in orjson.loads(honest)[:1] if said["role"] in ("system", "developer")]
    return orjson.dumps([*harness, *({**said, "tools": None} if "tools" in said else said for said in own)]).decode()


def dealt(runs: Sequence[Sequence[str]], accounts: int, calls: int, random: Random) -> list[list[str]]:
    """Whole runs, one after the other, cut into ``calls`` an account; fewer accounts where there are too few runs."""
    order = random.sample(range(len(runs)), len(runs))
    every = [call for run in order for call in runs[run]]
    return [every[start : start + calls] for start in range(0, min(len(every) - calls + 1, accounts * calls), calls)]


def shares(runs: Sequence[Sequence[str]], accounts: int, days: int, random: Random) -> list[list[list[str]]]:
    """Day by day the calls of each account: every account has as many runs as any other, give or take one."""
    order = random.sample(range(len(runs)), len(runs))
    found: list[list[list[str]]] = [[[] for _ in range(accounts)] for _ in range(days)]
    for place, run in enumerate(order):
        found[place % days][place // days % accounts] += runs[run]
    return found


def chat_of(text: str, view: str) -> str:
    """Messages of a call in a view; honest people's text becomes their turn."""
    chat = orjson.loads(text) if text.startswith('[{"') else [{"role": "user", "content": text}]
    return orjson.dumps(VIEWS[view](chat)).decode()
