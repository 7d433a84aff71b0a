"""Watch: a child that is started again when it crashes, hangs or takes too much."""

import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_STARTING_S = 300.0  # kernels may have to be compiled


class LostError(Exception):
    """The child crashed or hung; says which."""


class Child:
    """A child process that carries out one order at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def order(self, order: dict[str, Any]) -> None:
        """Give an order; its answers are to be taken one by one."""
        orders = self._started().stdin
        assert orders is not None
        orders.write(json.dumps(order).encode() + b"\n")
        orders.flush()

    def answer(self, seconds: float) -> dict[str, Any]:
        """The next answer. Raises ``LostError`` when there is none in time, or the child has died; it is gone then."""
        process = self._started()
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else b""
        if line:
            return dict(json.loads(line))
        code = process.poll() if not ready else process.wait()
        self.end()
        raise LostError(f"no answer within {seconds:.0f} s" if not ready else f"died with code {code}")

    def end(self) -> None:
        """Stop the child."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
        self._process = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            command = [sys.executable, "-m", "bench.robustness.child", str(self._folder)]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, bufsize=0)
            self.answer(_STARTING_S)
        return self._process
