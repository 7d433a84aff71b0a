"""Which finding a prompt belongs to, by its family: for calls of accounts that nobody knows yet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gauger.engine.common.secret import Secret
from gauger.engine.families.frames import FRAME_ARRAYS, Frames, Grams, Matcher
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.engine.serving.published import Published


class PromptFamilies:
    """Families of prompts that are in the hands of a finding, as they were published."""

    def __init__(self, published: Published, secret: Secret) -> None:
        self.published = published
        width = published.head["gram_width"]
        self._measurer, self._sketch = Measurer(secret, gram_width=width), WordSketch()
        self._hashes, self._finding = published.array("prompt_hashes"), published.array("prompt_finding")
        self._of_frame = published.array("frame_finding")
        arrays = {name: published.array(f"frames {name}").copy() for name in FRAME_ARRAYS}
        self._matcher = Matcher(Frames(**arrays, width=width)) if len(self._of_frame) else None

    def finding_of(self, prompt: str) -> int:
        """The finding, by exact prompt or by frame; -1: none. What cannot be measured is in none."""
        try:
            column = pa.array([prompt], pa.string())
        except (pa.ArrowException, UnicodeEncodeError, TypeError):
            return -1
        measures = self._measurer.measure(pa.record_batch([column], ["prompt_text"]), self._sketch)
        wanted = measures.prompt_hashes[0, 0]
        place = int(np.searchsorted(self._hashes, wanted))
        if place < len(self._hashes) and self._hashes[place] == wanted:
            return int(self._finding[place])
        if self._matcher is None:
            return -1
        frame = int(self._matcher.match(Grams(measures.gram_offsets, measures.grams))[0])
        return -1 if frame < 0 else int(self._of_frame[frame])
