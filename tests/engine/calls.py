"""Calls for tests: plain words, a few accounts, every column; and the ways tests look at a state.

A call is a dict of canonical column values plus ``row``, its place in the log; times are integer microseconds. Every
batch has all of ``columns``, whatever calls are in it, as a log has.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import DAY_US, HOUR_US, Settings
from gauger.engine.intake.conversation import said
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.state.checkpoint import save_state
from gauger.engine.state.state import Prepared, State, prepare
from gauger.engine.statistics.population import Population

Call = dict[str, Any]

SECRET = Secret(b"0123456789abcdef")
# Small limits, so that a few dozen calls reach them.
SETTINGS = Settings(sample_calls=8, links_per_channel=3, calls_min=2)
MONDAY_US = 1_794_787_200_000_000  # 2026-11-16T00:00:00Z
_CONTEXT = ("context_texts", "continuation")
WHOLE_COLUMNS = tuple(name for name in CALL_SCHEMA.names if name != "prompt_token_ids")
TEXT_COLUMNS = tuple(name for name in WHOLE_COLUMNS if name not in _CONTEXT)
ID_COLUMNS = tuple(name for name in CALL_SCHEMA.names if name not in ("prompt_text", *_CONTEXT))
BARE_COLUMNS = ("start_time", "account_id", "prompt_text")

_VERBS = "describe compare translate summarise list sketch plan review".split()
_THINGS = "rivers lanterns bicycles orchards clocks harbours violins gardens bridges kettles".split()
_PLACES = ["in spring", "near Lisbon", "by night, before the giving of grades", "step by step", "for 12 children"]


measurer_of = cache(Measurer)


def prompt(chance: random.Random) -> str:
    """A short request; repeats happen, in other letter cases too."""
    text = f"{chance.choice(_VERBS)} {chance.choice(_THINGS)} and {chance.choice(_THINGS)} {chance.choice(_PLACES)}"
    return chance.choice([text, text, text.capitalize(), text + "?"])


def some_calls(count: int, *, accounts: int = 4, days: int = 1, seed: int = 0) -> list[Call]:
    """Calls of every column, many of them null, a few calls exactly alike; the first accounts call most."""
    chance = random.Random(seed)
    calls: list[Call] = []
    for row in range(count):
        if calls and chance.random() < 0.1:
            calls.append({**chance.choice(calls), "row": row})
            continue
        owner = min(chance.randrange(accounts), chance.randrange(accounts))
        text = prompt(chance)
        calls.append(
            {
                "row": row,
                # No two at one instant: such calls have a test of their own.
                "start_time": MONDAY_US + chance.randrange(days) * DAY_US + chance.randrange(43_200) * 2_000_000 + row,
                "account_id": f"account-{owner}",
                "prompt_text": text,
                "prompt_token_ids": [len(word) + ord(word[0]) for word in text.split()],
                **_metadata(chance, owner),
                **_context(random.Random(f"{seed}/{row}"), owner),
            }
        )
    return calls


def _metadata(chance: random.Random, owner: int) -> Call:
    def maybe(*values: Any) -> Any:
        return chance.choice([*values, None])

    return {
        "org_id": maybe(f"org-{owner // 2}"),
        "api_key_hash": maybe("aa", "bb"),
        "conversation_id": maybe(*(f"conversation-{owner}-{i}" for i in range(30))),
        "response_id": maybe("r1", "r2"),
        "payment_fingerprint": maybe("card-1", "card-2"),
        "account_created_at": maybe(MONDAY_US - owner * DAY_US, MONDAY_US - 9 * HOUR_US),
        "client_address": maybe(*(f"192.0.{owner}.{i}" for i in range(1, 6)), "2001:db8:1:2:3:4:5:6"),
        "user_agent_original": maybe("curl/8", "python-requests/2"),
        "client_ja4": maybe("t13d1516h2", "t13d1517h2"),
        "request_model": maybe("small", "large"),
        "request_temperature": maybe(0.0, 0.7, 1.0),
        "request_top_p": maybe(0.9, 1.0),
        "request_max_tokens": maybe(256, 1024),
        "request_choice_count": maybe(1, 4),
        "request_stream": maybe(True, False),
        "request_logprobs": maybe(True, False),
        "response_finish_reasons": maybe(["stop"], ["length"], ["stop", "length"], []),
        "usage_output_tokens": maybe(0, 7, 300),
        "error_type": maybe("timeout"),
        "accepted": maybe(True, False),
    }


def _context(chance: random.Random, owner: int) -> Call:
    texts = [f"You are helpful to account {owner}", prompt(chance), None, "Be brief and kind."]
    return {
        "context_texts": chance.choice([texts, texts[:2], texts[2:], [], None]),
        "continuation": chance.choice([True, False, None]),
    }


def batch_of(calls: Sequence[Call], columns: Sequence[str] = TEXT_COLUMNS) -> pa.RecordBatch:
    """The canonical batch of some calls (perhaps of none)."""
    chosen = [CALL_SCHEMA.field(name) for name in CALL_SCHEMA.names if name in columns]
    arrays = [pa.array([call.get(field.name) for call in calls], field.type) for field in chosen]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(chosen))


def new_state(settings: Settings = SETTINGS, secret: Secret = SECRET) -> State:
    """An empty state."""
    return State(secret, settings)


def measure(batch: pa.RecordBatch, words: WordSketch | None = None, secret: Secret = SECRET) -> Measures:
    """What the pass makes of a batch."""
    return measurer_of(secret).measure(batch, WordSketch() if words is None else words)


def prepared_of(
    calls: Sequence[Call],
    columns: Sequence[str] = TEXT_COLUMNS,
    words: WordSketch | None = None,
    secret: Secret = SECRET,
    settings: Settings = SETTINGS,
) -> Prepared:
    """Calls made ready to be folded."""
    batch = said(batch_of(calls, columns))
    contexts = measurer_of(secret).contexts(batch, settings)
    return prepare(batch, measure(batch, words, secret), secret.key, contexts)


def take_in(state: State, calls: Sequence[Call], columns: Sequence[str] = TEXT_COLUMNS, **places: Any) -> np.ndarray:
    """Give calls to a state as one batch; returns the row of each call's prompt."""
    return state.fold(prepared_of(calls, columns, state.words, state.secret, state.settings), **places)


def fold(state: State, calls: Sequence[Call], columns: Sequence[str] = TEXT_COLUMNS) -> State:
    """Fold calls into a state as one batch, with the rows they say; returns the state."""
    take_in(state, calls, columns, rows=[call["row"] for call in calls])
    return state


def state_of(
    calls: Sequence[Call], columns: Sequence[str] = TEXT_COLUMNS, *, settings: Settings = SETTINGS, batch: int = 1000
) -> State:
    """A state of calls folded in batches of a given size."""
    state = new_state(settings)
    for start in range(0, len(calls), batch):
        fold(state, calls[start : start + batch], columns)
    return state


def by_account_and_pane(calls: Iterable[Call], pane_us: int = DAY_US) -> dict[tuple[str, int], list[Call]]:
    """Calls of each account in each pane."""
    groups: dict[tuple[str, int], list[Call]] = {}
    for call in calls:
        groups.setdefault((call["account_id"], call["start_time"] // pane_us), []).append(call)
    return groups


def file_bytes(folder: Path) -> dict[str, bytes]:
    """The bytes of every file under a folder, by relative path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def saved_bytes(state: State, folder: Path) -> dict[str, bytes]:
    """The bytes of every file of the state, saved."""
    save_state(state, folder)
    return file_bytes(folder)


def bytes_of(state: State) -> dict[str, bytes]:
    """The bytes of every file of the state, saved somewhere."""
    with tempfile.TemporaryDirectory() as folder:
        return saved_bytes(state, Path(folder) / "state")


def legible_bytes(folder: Path) -> bytes:
    """Everything a reader of a folder can see: names, raw bytes, and Arrow columns out of their compression."""
    parts: list[bytes] = []
    for name, content in file_bytes(folder).items():
        parts += [name.encode(), content]
        if name.endswith(".arrow"):
            for column in pa.ipc.open_file(pa.py_buffer(content)).read_all().columns:
                parts += [part.to_pybytes() for chunk in column.chunks for part in chunk.buffers() if part is not None]
    return b"\n".join(parts)


class Killed(BaseException):
    """What a process never lives to catch."""


def kill_at_rename(patched: pytest.MonkeyPatch, survived: int) -> None:
    """Let ``survived`` renames of files or folders happen and raise Killed at the next."""
    left = survived

    def dying(rename: Callable[..., None]) -> Callable[..., None]:
        def wrapper(*args: Any, **kwargs: Any) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            rename(*args, **kwargs)

        return wrapper

    for name in ("rename", "replace"):
        patched.setattr(os, name, dying(getattr(os, name)))


def assert_same_population(left: Population, right: Population) -> None:
    """Every field equal, NaN equal to NaN; features are compared call by call, wherever their rows lie."""
    np.testing.assert_array_equal(left.sample_features[left.sample_row], right.sample_features[right.sample_row])
    for field in fields(Population):
        if field.name in ("sample_row", "sample_features"):
            continue
        mine, theirs = getattr(left, field.name), getattr(right, field.name)
        if isinstance(mine, dict):
            assert list(mine) == list(theirs)
            for name, values in mine.items():
                np.testing.assert_array_equal(values, theirs[name], err_msg=name)
        else:
            np.testing.assert_array_equal(mine, theirs, err_msg=field.name)
