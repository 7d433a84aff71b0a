"""Slices: what a segment holds of one shard, as bytes that travel; put down elsewhere, they are a segment again.

Calls, context texts and deliveries go by account shard, distinct prompts by prompt shard: two slices a shard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.shards import SHARDS
from gauger.engine.segments.columns import Block, Column
from gauger.engine.segments.segment import CALLS, CONTEXTS, DELIVERIES, PROMPTS, Segment, SegmentWriter

ACCOUNT_KINDS, PROMPT_KINDS = (CALLS, CONTEXTS, DELIVERIES), (PROMPTS,)
_KINDS = (*ACCOUNT_KINDS, *PROMPT_KINDS)  # sections lie in this order
_DAMAGED = "a slice of a segment came damaged; run again"


def slices(segment: Segment, kinds: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    """Each shard that has anything, and its slice.

    kinds : ACCOUNT_KINDS or PROMPT_KINDS
    """
    footer = segment.footer
    for shard in range(SHARDS):
        blocks, sections = [], []
        for block, entry in enumerate(footer["blocks"]):
            own = {kind: [entry[kind][1][shard], entry[kind][2][shard]] for kind in kinds}
            if any(size for _, size in own.values()):
                blocks.append({"layout": entry["layout"], **own})
                sections += [segment.section(kind, block, shard) for kind in kinds]
        if not blocks:
            continue
        names = ("layouts", "content", "columns")
        head = orjson.dumps({"shard": shard, "blocks": blocks, **{name: footer[name] for name in names}})
        whole = b"".join([len(head).to_bytes(8, "little"), head, *sections])
        yield shard, len(whole).to_bytes(8, "little") + pa.Codec("zstd", 1).compress(whole, asbytes=True)


def put_down(writer: SegmentWriter, data: bytes) -> tuple[str | None, set[str]]:
    """Add a slice to a segment; what its prompts are, and the columns of its calls. Raises StateError for damage."""
    size = int.from_bytes(data[:8], "little")
    try:
        whole = memoryview(pa.Codec("zstd").decompress(data[8:], size))
        at = 8 + int.from_bytes(whole[:8], "little")
        head: dict[str, Any] = orjson.loads(whole[8:at])
        for block in head["blocks"]:
            counts = {kind: np.zeros(SHARDS, np.int64) for kind in _KINDS}
            sections = {kind: [b""] * SHARDS for kind in _KINDS}
            for kind in (kind for kind in _KINDS if kind in block):
                counts[kind][head["shard"]], length = block[kind]
                sections[kind][head["shard"]], at = bytes(whole[at : at + length]), at + length
            layout = [tuple(column) for column in head["layouts"][block["layout"]]]
            writer.append(_block(layout, counts, sections))
        if at != size:
            raise ValueError
    except (ValueError, KeyError, OSError, pa.ArrowException):
        raise StateError(_DAMAGED) from None
    return head["content"], set(head["columns"])


def _block(layout: list[Column], counts: dict[str, np.ndarray], sections: dict[str, list[bytes]]) -> Block:
    return Block(
        "",
        [],
        layout,
        counts[CALLS],
        sections[CALLS],
        counts[PROMPTS],
        sections[PROMPTS],
        counts[CONTEXTS],
        sections[CONTEXTS],
        sections[DELIVERIES],
    )
