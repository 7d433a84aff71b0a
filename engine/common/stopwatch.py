"""How long the stages of a piece of work take."""

import time


class Stopwatch:
    """Seconds of stages that follow one another, from the moment it is made."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._mark = time.perf_counter()

    def lap(self, stage: str) -> None:
        """What was done since the last lap was this stage."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._mark
        self._mark = now
