"""The folder that is this user's alone, for sockets and for copies of published verdicts.

A file that is written in place would change under whoever has mapped it, and end the process where it is cut. So what
is published is copied into this folder, checked there and named by its seal: one copy for all processes of a user.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import make_folder
from gauger.engine.common.secret import Secret
from gauger.engine.serving.published import Published, seal_of

_PREFIX = "verdicts-"
_OLD_SECONDS = 3 * 86_400.0  # verdicts expire before that


def own_folder() -> Path:
    """The folder, made if missing. Raises OSError where it cannot be made, or others may write to it."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"gauger-{os.geteuid()}"
    make_folder(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "not of this user alone", str(folder))
    return folder


def own_copy(path: Path, secret: Secret) -> Published:
    """What is published at a path, out of a copy of our own; in memory of this process where there can be none.

    Raises OSError where there is nothing, and StateError for what is damaged or of another key.
    """
    try:
        folder = own_folder()
    except OSError:
        return Published(path, secret)
    seal = seal_of(path)
    copy = folder / f"{_PREFIX}{secret.key_id[:8]}-{seal}"
    with suppress(OSError, StateError):  # a copy that is damaged is made anew
        return Published(copy, secret, mapped=True)
    try:
        found = _copied(path, copy, secret)
    except OSError:  # no room there
        return Published(path, secret)
    for other in folder.glob(f"{_PREFIX}*"):
        if other != copy and (other.name.startswith(f"{_PREFIX}{secret.key_id[:8]}-") or _is_old(other)):
            other.unlink(missing_ok=True)  # who has it mapped keeps it
    return found


def _copied(path: Path, copy: Path, secret: Secret) -> Published:
    with tempfile.NamedTemporaryFile(dir=copy.parent, prefix=_PREFIX, delete=False) as written:
        temporary = Path(written.name)
        try:
            with open(path, "rb") as given:
                shutil.copyfileobj(given, written, 1 << 22)
            written.flush()
            found = Published(temporary, secret, mapped=True)
            temporary.rename(copy)
        finally:
            temporary.unlink(missing_ok=True)
    return found


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _OLD_SECONDS
    except OSError:  # taken away meanwhile
        return False
