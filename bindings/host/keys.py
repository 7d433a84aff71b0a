"""Which key a host uses: the one the calls will be scored with."""

import os

from gauger.engine.common.secret import Secret, default_secret


def secret_of(key: Secret | str | os.PathLike[str] | None) -> Secret:
    """A secret given, that of a file, that of the environment (GAUGER_KEY, GAUGER_KEY_FILE), else the user's own.

    A file that is missing is made. Raises StateError for one that cannot be read.
    """
    if isinstance(key, Secret):
        return key
    return Secret.from_file(key) if key else default_secret()
