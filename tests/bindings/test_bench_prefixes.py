"""The prefixes of the pass over batches: the whole of it is what the measurer yields."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gauger.bench_prefixes import Prefixes
from gauger.engine.measure import Measurer, WordSketch
from gauger.engine.secret import Secret


def test_all_prefixes_together_are_the_pass() -> None:
    batch = pa.record_batch({"prompt_text": ["Write a poem about the sea.", "Naïve 中文 question, 42?", "ok"]})
    measurer, sketch = Measurer(Secret.random()), WordSketch()
    expected = measurer.measure(batch, sketch)
    prefixes = Prefixes([batch], measurer)
    prefixes.run(len(prefixes.names))
    for name in ("prompt_hashes", "words", "signatures", "features", "flags", "gram_offsets"):
        assert np.array_equal(getattr(prefixes, name), getattr(expected, name)), name
    assert np.array_equal(prefixes.sketch.counts, sketch.counts)
    assert np.array_equal(prefixes.sketch.registers, sketch.registers)
