"""Hosts as processes on this machine: started, waited for, asked, stopped; and what of their calls is in the spool."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gauger.engine.common.secret import Secret
from gauger.engine.segments.recorded import Recorded
from gauger.engine.segments.spool import SpoolReader
from gauger.engine.serving.published import Finding, publish, sorted_accounts
from gauger.engine.state.state import Prepared

HERE = Path(__file__).parent
MEASURES_SECONDS = 120.0  # until the first call is measured: kernels may have to be compiled
_STOP_SECONDS = 20.0
ACT = 'mode = "act"\nbreaker_share = 1.0\n[[rules]]\naction = "block"\n'
SHADOW = ACT.replace("act", "shadow", 1)


@dataclass(frozen=True)
class Place:
    """Where a host records and what it is told."""

    folder: Path
    secret: Secret = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "secret", Secret.from_file(self.key))

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def environment(self) -> dict[str, str]:
        """As an operator sets it; verdicts and policy where they are there."""
        given = {"GAUGER_SPOOL": self.spool, "GAUGER_KEY_FILE": self.key}
        given |= {f"GAUGER_{name.upper()}": self.folder / name for name in ("verdicts", "policy")}
        return {name: str(path) for name, path in given.items() if path.exists() or name == "GAUGER_SPOOL"}

    def tell(self, policy: str, *blocked: str) -> None:
        """Publish a finding of some accounts beside one that is known, and write a policy file."""
        about = {"assessment": "coordinated", "explanation": "one actor", "probability": 0.99, "evidence": 9.0}
        finding = Finding(campaign_id=1, accounts=len(blocked), calls=100, **about)
        inside = np.array([True] * len(blocked) + [False])
        accounts = sorted_accounts(
            self.secret, [*blocked, "known"], np.where(inside, 0, -1), np.where(inside, 9.0, 0.1), inside
        )
        nothing = {
            "link_hashes": np.zeros(0, np.uint64),
            "link_finding": np.zeros(0, np.int32),
            "prompt_hashes": np.zeros(0, np.uint64),
            "prompt_finding": np.zeros(0, np.int32),
            "frame_finding": np.zeros(0, np.int32),
        }
        head = {"as_of": time.time(), "expires": time.time() + 3_600, "reference_days": [], "words": 0}
        head |= {"gram_width": 3, "findings": [finding._asdict()]}
        publish(self.folder / "verdicts", head, accounts | nothing, self.secret)
        (self.folder / "policy").write_text(policy)

    def recorded(self) -> Iterator[Recorded]:
        """All that is in the spool."""
        for path in self.files():
            yield from SpoolReader(path, self.secret).calls()

    def calls(self) -> list[Prepared]:
        """Calls in the spool that were measured."""
        return [piece.batch for piece in self.recorded() if piece.batch is not None]

    def accounts(self) -> Counter[str]:
        """Calls in the spool, by account."""
        return Counter(name for batch in self.calls() for name in batch.account_ids.to_pylist())

    def errors(self) -> Counter[str]:
        """Calls in the spool that ended with an error, by account."""
        found: Counter[str] = Counter()
        for batch in self.calls():
            marks = batch.calls.counters["errors"].tolist()
            found.update(name for name, mark in zip(batch.account_ids.to_pylist(), marks, strict=True) if mark)
        return found

    def prompts(self) -> Counter[int]:
        """Prompts in the spool, by what they hash to."""
        return Counter(hashed for batch in self.calls() for hashed in batch.measures.prompt_hashes[:, 0].tolist())

    def addresses(self) -> set[int]:
        """Where calls in the spool came from, by what it hashes to."""
        return {hashed for batch in self.calls() for hashed in batch.calls.addresses.tolist()}

    def reasons(self) -> Counter[str]:
        """Why calls in the spool were refused."""
        return Counter(reason for piece in self.recorded() for reason in piece.reasons)

    def files(self) -> list[Path]:
        """The files of the spool."""
        return sorted(self.spool.iterdir()) if self.spool.is_dir() else []

    def nbytes(self) -> bytes:
        """All that is on disk."""
        return b"".join(path.read_bytes() for path in self.files())

    def waited_for(self, calls: int) -> Counter[str]:
        """``accounts`` once so many calls are there."""
        wait_until(lambda: self.accounts().total() >= calls, MEASURES_SECONDS)
        return self.accounts()


def wait_until(check: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str], port: int, environment: Mapping[str, str], log: Path, seconds: float = 60.0
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the virtual environment that listens on a port; it is sent SIGTERM at the end."""
    program = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    with open(log, "wb") as said:
        process = subprocess.Popen(
            program, env={**os.environ, **environment}, cwd=log.parent, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), seconds)
        assert process.poll() is None, log.read_text(errors="replace")[-2_000:]
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
