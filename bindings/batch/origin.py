"""What made a run: the code, as one digest."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import gauger
from gauger import engine, kernels


@cache
def code_digest() -> str:
    """SHA-256 over the names and digests of all Python files of gauger, in the order of their names; hexadecimal."""
    whole = sha256()
    for package in (gauger, engine, kernels):
        (root,) = (Path(place) for place in package.__path__)
        for path in sorted(root.rglob("*.py")):
            inside = f"{package.__name__}/{path.relative_to(root).as_posix()}"
            if package is gauger and inside.split("/")[1] in ("engine", "kernels"):
                continue  # of an installed copy: they come as packages of their own
            whole.update(f"{inside} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
