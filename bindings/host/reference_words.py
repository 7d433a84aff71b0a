"""Words of the reference, for novelty: from the file of verdicts, whenever a newer one is there."""

from __future__ import annotations

import os
from pathlib import Path

from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import Secret
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.serving.published import Published


class ReferenceWords:
    """Looks for words. Used by one thread."""

    def __init__(self, path: Path, secret: Secret) -> None:
        self._path, self._secret = path, secret
        self._stamp: tuple[int, int] | None = None
        self._days: list[str] | None = None

    def newer(self) -> WordSketch | None:
        """The words of other reference days than those of before; None where there are none."""
        try:
            found = os.stat(self._path)
            if (found.st_mtime_ns, found.st_ino) == self._stamp:
                return None
            self._stamp = found.st_mtime_ns, found.st_ino
            published = Published(self._path, self._secret)
        except (OSError, GaugerError):
            return None  # as before
        if published.head["reference_days"] == self._days or "word_counts" not in published.head["arrays"]:
            return None
        self._days = published.head["reference_days"]
        counts, registers = (published.array(name).copy() for name in ("word_counts", "word_registers"))
        return WordSketch(counts, registers, published.head["words"])
