"""Errors a user can act on. Their text never holds prompt text, only places (file, row, column) and what to do."""


class GaugerError(Exception):
    """Base of every error gauger raises on purpose; its message is one line that says what to do."""


class InputError(GaugerError):
    """A file, or a whole batch, cannot be read or scored; the other inputs go on."""


class ColumnMapError(GaugerError):
    """A column map is not valid TOML or names what does not exist."""


class AllowListError(GaugerError):
    """An allow-list is not valid TOML or names what cannot be allowed."""


class StateError(GaugerError):
    """A state directory or state file is unreadable, of an unknown version, or of another key."""


class DamagedError(StateError):
    """A file of a kept state is missing or is not the one that was written."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what  # is damaged, and how


class StateLockedError(StateError):
    """Another process is writing to the state directory; once it has ended, the same may be tried again."""


class KernelInputError(GaugerError):
    """Data that a kernel must not touch: broken offsets, wrong type, wrong length, a sketch of another shape."""
