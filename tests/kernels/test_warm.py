"""After a warm-up nothing compiles, whatever Arrow hands over and whatever is asked of the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest
from numba.core.event import install_recorder

import gauger
from gauger.engine.common.secret import Secret
from gauger.kernels import warm
from gauger.kernels.machine.cache import KernelCache
from gauger.kernels.machine.jit import KERNELS, Kernel

N = 40
TIMES = [dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC) + dt.timedelta(minutes=i) for i in range(N)]
ACCOUNTS = [f"account {i % 6}" for i in range(N)]
TEXTS = [" x ", "Ein zweiter — größer", "三つ目", "x" * 500, *(f"Prompt number {i}, and more." for i in range(N - 4))]
IDS = [[i, 2, 3] * (1 + i % 5) for i in range(N)]
ADDRESSES = ["10.0.0.1", "2001:db8::1", None, "198.51.100.7"] * (N // 4)


@contextmanager
def nothing_compiled() -> Iterator[None]:
    """Neither one of our kernels nor anything else that Numba has in this process."""
    before = [kernel.dispatcher.signatures for kernel in KERNELS]
    with install_recorder("numba:compile") as recorder:
        yield
    assert [kernel.dispatcher.signatures for kernel in KERNELS] == before
    assert not recorder.buffer


def batches(name: str, prompts: pa.Array) -> Iterator[pa.RecordBatch]:
    """The same calls with their prompts and the other columns in many layouts."""
    strided = np.arange(2 * N, dtype=np.int64)[::2]
    columns = {
        "start_time": pa.array(TIMES, pa.timestamp("us", "UTC")),
        "account_id": pa.array(ACCOUNTS),
        name: prompts,
        "client_address": pa.array(ADDRESSES),
        "output_tokens": pa.array(strided),
    }
    plain = pa.record_batch(columns)
    yield plain
    yield plain.slice(3, 17)
    yield plain.slice(N, 0)
    yield pa.record_batch({**columns, "account_id": columns["account_id"].dictionary_encode()})
    yield pa.record_batch({**columns, "account_id": columns["account_id"].cast(pa.large_string())})
    yield pa.record_batch({**columns, "start_time": columns["start_time"].cast(pa.timestamp("ns", "UTC"))})
    yield from pa.Table.from_batches([plain.slice(0, 7), plain.slice(7)]).to_batches()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, plain.schema) as writer:
        writer.write_batch(plain)
    yield pa.ipc.open_stream(sink.getvalue()).read_next_batch().slice(1)


def text_batches() -> Iterator[pa.RecordBatch]:
    """Text prompts in every string type, and over a buffer that starts at an odd address."""
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        yield from batches("prompt_text", pa.array(TEXTS, kind))
    whole = pa.array(TEXTS)
    moved = pa.py_buffer(b"." + whole.buffers()[2].to_pybytes()).slice(1)
    yield from batches("prompt_text", pa.StringArray.from_buffers(N, whole.buffers()[1], moved))


def id_batches() -> Iterator[pa.RecordBatch]:
    """Token ids in every list type, of several integer types."""
    for kind in (pa.list_(pa.int32()), pa.large_list(pa.int32()), pa.list_(pa.int64()), pa.list_(pa.uint16())):
        yield from batches("prompt_token_ids", pa.array(IDS, kind))
    yield from batches("prompt_token_ids", pa.array([[i, 2, 3] for i in range(N)], pa.list_(pa.int32(), 3)))


@pytest.mark.parametrize("kind", ["text", "ids"])
def test_no_arrow_layout_compiles_anything(kind: str) -> None:
    engine = gauger.Engine(secret=Secret(bytes(range(16))))
    given = list(text_batches() if kind == "text" else id_batches())
    taken = 0
    with nothing_compiled():
        for turn, batch in enumerate(given):
            answer = engine.observe(batch, rows=np.arange(10_000, dtype=np.int64)[::2][: batch.num_rows])
            assert answer.column("reason").null_count == batch.num_rows
            taken += batch.num_rows
            if turn % 9 == 0 and batch.num_rows:
                engine.check(batch.slice(batch.num_rows - 1))
        engine.check(
            {"start_time": TIMES[0], "account_id": "x", given[0].schema.names[2]: given[0].column(2)[5].as_py()}
        )
    assert taken > 5 * N


def test_finish_and_what_follows_compile_nothing() -> None:
    engine, other = (gauger.Engine(secret=Secret(bytes(range(16)))) for _ in range(2))
    batch = next(batches("prompt_text", pa.array(TEXTS)))
    with nothing_compiled():
        engine.observe(batch)
        other.observe(batch.slice(5))
        engine.merge(other)
        assert engine.finish().calls.num_rows == 2 * N - 5
        engine.observe(batch)
        engine.check(batch.slice(0, 1))


def test_a_second_warm_up_has_nothing_to_do() -> None:
    first = gauger.warmup()
    told: list[tuple[int, int]] = []
    second = gauger.warmup(lambda done, total: told.append((done, total)))
    assert all(kernel.ready for kernel in KERNELS)
    assert (second.kernels, second.compiled, second.loaded) == (first.kernels, 0, 0)
    assert told[-1] == (second.kernels, second.kernels)
    assert second.directory == KernelCache(warmup_kernel).cache_path


def warmup_kernel() -> None:
    """A name for a kernel."""


def test_it_says_what_was_compiled_and_what_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = [Kernel(kernel.__wrapped__, kernel.signature) for kernel in KERNELS[:2]]
    monkeypatch.setattr(warm, "KERNELS", fresh)
    monkeypatch.setattr(fresh[0].dispatcher._cache, "load_overload", lambda sig, context: None)
    assert KERNELS[1].compile() in (True, False)  # in the cache by now
    found = warm.warmup()
    assert (found.kernels, found.compiled + found.loaded) == (2, 2)
    assert found.compiled >= 1
    assert found.seconds > 0
