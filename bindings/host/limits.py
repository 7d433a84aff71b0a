"""What a recorder may take of its host."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes and seconds."""

    queue_bytes: int = 16 << 20  # of calls that wait
    call_bytes: int = 4 << 20  # of one call
    flush_seconds: float = 0.5  # a call waits for others: what a killed process loses
    segment_seconds: float = 300.0  # a file is completed after
    segment_bytes: int = 64 << 20  # or beyond
    spool_bytes: int = 8 << 30  # of the whole folder: beyond, calls are dropped
