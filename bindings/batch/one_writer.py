"""A command that writes to a state directory is its one writer from the first line to the last."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from gauger.engine.reference.directory import StateDirectory, directory_of

Given = ParamSpec("Given")
Made = TypeVar("Made")


def one_writer(run: Callable[Given, Made]) -> Callable[Given, Made]:
    """Hold the writer's lock of the directory that is given as ``state``, if one is, for as long as a function runs.

    Raises StateLockedError before it does anything while somebody else writes.
    """

    @wraps(run)
    def held(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        state = kwargs.get("state")
        if not isinstance(state, (str, Path, StateDirectory)):
            return run(*args, **kwargs)
        directory = directory_of(state)
        with directory.writing():
            kwargs["state"] = directory
            return run(*args, **kwargs)

    return held


def place_of(state: Path | StateDirectory | None) -> Path | None:
    """The path of a state directory."""
    return state.path if isinstance(state, StateDirectory) else state
