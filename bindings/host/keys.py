"""Which key a host uses: the one the calls will be scored with."""

import os

from gauger.engine.common.secret import Secret, default_secret

KEY_FILE = "GAUGER_KEY_FILE"


def secret_of(key: Secret | str | os.PathLike[str] | None) -> Secret:
    """A secret given, that of a file, that of the file GAUGER_KEY_FILE names, else the user's own.

    A file that is missing is made. Raises StateError for one that cannot be read.
    """
    if isinstance(key, Secret):
        return key
    named = key or os.environ.get(KEY_FILE)
    return Secret.from_file(named) if named else default_secret()
