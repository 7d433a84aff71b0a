"""Workers that die: each kind of step ends its process once, halfway through what it gives."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Dies:
    """A step whose process dies the first time."""

    step: Any
    mark: Path

    def __call__(self, *given: Any) -> Iterator[Any]:
        for number, piece in enumerate(self.step(*given)):
            if number == 1 and not self.mark.exists():
                self.mark.touch()
                os._exit(9)
            yield piece


def let_die(patch: pytest.MonkeyPatch, runner: type, folder: Path) -> None:
    """Have all steps of a runner die once; each leaves its name in a folder."""
    grouped = runner.grouped

    def dying(self: Any, given: Any, units: int, step: Any, *, moves: bool = True) -> Any:
        return grouped(self, given, units, Dies(step, folder / type(step).__name__), moves=moves)

    patch.setattr(runner, "grouped", dying)
