"""House rules of compilation: one signature a kernel, whatever Arrow hands over; no GIL, no threads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numba import types
from numba.core.registry import CPUDispatcher

from gauger.engine.common.hashing import hash_column, hash_words
from gauger.engine.common.secret import Secret
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.kernels.machine.floor import sum_bytes
from gauger.kernels.machine.jit import KERNELS as REGISTERED
from gauger.kernels.machine.jit import Kernel
from gauger.kernels.warm import warmup

HELPERS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in [*sys.modules.values()]
    if getattr(module, "__name__", "").startswith("gauger.kernels.")
    for name, value in vars(module).items()
    if isinstance(value, CPUDispatcher) and value.__module__ == module.__name__
}
KERNELS = [kernel for kernel in REGISTERED if kernel.__module__.startswith("gauger.")]
SECRET = Secret(bytes(range(16)))
TEXTS = ["The first prompt.", "", "Ein zweiter — größer", "三つ目", "x" * 500]
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)


def round_trip(array: pa.Array) -> pa.Array:
    """Through the IPC format: read-only buffers at whatever alignment the stream has."""
    sink = pa.BufferOutputStream()
    batch = pa.record_batch({"column": array})
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch().column(0)


def layouts(values: Sequence[object], kind: pa.DataType) -> dict[str, pa.Array]:
    """The same values in every layout an admitted batch may have."""
    whole = pa.array(values, kind)
    padded = pa.array([values[-1], *values, values[0]], kind)
    return {
        "plain": whole,
        "slice": padded.slice(1, len(values)),
        "concatenated": pa.concat_arrays([whole.slice(0, 2), whole.slice(2)]),
        "stream": round_trip(whole),
        "slice of a stream": round_trip(padded).slice(1, len(values)),
    }


def strided(kind: types.Type) -> Any:
    """An argument of the right type but for its arrays, which are not contiguous."""
    if isinstance(kind, types.BaseTuple):
        return kind.instance_class(*map(strided, kind))
    if not isinstance(kind, types.Array):
        return 0
    return np.zeros((4,) * kind.ndim, str(kind.dtype))[(slice(None, None, 2),) * kind.ndim]


def measured(array: pa.Array) -> list[bytes]:
    """All measures of one column as bytes."""
    name = "prompt_text" if array.type == pa.string() else "prompt_token_ids"
    measures = Measurer(SECRET).measure(pa.record_batch({name: array}), WordSketch())
    grams = measures.grams[: measures.gram_offsets[-1]]
    rows = (measures.prompt_hashes, measures.words, measures.signatures, measures.features, measures.flags)
    return [part.tobytes() for part in (*rows, measures.gram_offsets, grams)]


@each_kernel
def test_an_unseen_layout_is_refused_and_not_compiled(kernel: Kernel) -> None:
    kernel.compile()
    (signature,) = kernel.dispatcher.signatures
    arguments = [strided(kind) for kind in signature]
    with pytest.raises(TypeError, match="No matching definition"):
        kernel(*arguments)
    assert kernel.dispatcher.signatures == [signature]


def test_every_arrow_layout_gives_the_same_bytes_and_compiles_nothing() -> None:
    ids = [[index, 2, 3] * index for index in range(5)]
    for values, kind in ((TEXTS, pa.string()), (ids, pa.list_(pa.int32()))):
        found = {name: measured(array) for name, array in layouts(values, kind).items()}
        assert all(rows == found["plain"] for rows in found.values()), [*found]
        measured(pa.array([], kind))
        measured(pa.array(values[1:2], kind))
    for array in layouts(["a", None, "", "c"], pa.string()).values():
        hashes = hash_column(SECRET.key, array)
        assert hashes[1] == 0
        assert np.array_equal(hashes, hash_column(SECRET.key, pa.array(["a", None, "", "c"])))
    hash_words(SECRET.key, [])
    assert all(len(kernel.dispatcher.signatures) <= 1 for kernel in KERNELS)


def test_helpers_are_pasted_in_and_never_called() -> None:
    pasted = {name: one for name, one in HELPERS.items() if one.targetoptions.get("inline") == "always"}
    assert len(pasted) > 20
    assert not [name for name, helper in pasted.items() if helper.signatures]


def test_shared_helpers_are_compiled_with_the_kernels_and_never_later() -> None:
    shared = {name: one for name, one in HELPERS.items() if one.targetoptions.get("inline") != "always"}
    assert {"tokens.scan", "minhash.sign"} <= set(shared)
    warmup()
    before = {name: len(one.signatures) for name, one in shared.items()}
    for array in layouts(TEXTS, pa.string()).values():
        Measurer(SECRET).measure(pa.record_batch({"prompt_text": array}), WordSketch())
    assert {name: len(one.signatures) for name, one in shared.items()} == before


def test_a_kernel_is_compiled_when_first_called_whatever_thread_calls() -> None:
    fresh = Kernel(sum_bytes.__wrapped__, sum_bytes.signature)
    assert (fresh.ready, fresh.dispatcher.signatures) == (False, [])
    assert (fresh.__name__, fresh.__doc__) == ("sum_bytes", "Sum of all ``values``, uint8.")
    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(fresh, [np.arange(10, dtype=np.uint8)] * 8))
    assert sums == [45] * 8
    assert len(fresh.dispatcher.signatures) == 1
    assert fresh.compile() is False
