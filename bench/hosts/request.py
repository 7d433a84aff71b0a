"""What a request costs more with gauger in it: two uvicorn servers, bare and with the middleware, asked in turns.

CPU time of the server and of the process that measures, and how late the event loop is, net of waiting for a core.
"""

import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from bench.hosts import traffic
from bench.hosts.latency import published
from gauger.engine.common.secret import Secret

_TURNS, _WARM, _ACCOUNTS = 8, 1_000, 100_000
_RULES = '[[rules]]\naction = "block"\nassessments = ["campaign"]\n'


class Server:
    """One uvicorn process."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = [sys.executable, "-m", "uvicorn", "bench.hosts.served:app", "--port", str(self.port)]
        words += ["--log-level", "warning", "--no-access-log", "--timeout-keep-alive", "900"]
        self.process = subprocess.Popen(words, env={**os.environ, **environment})
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for _ in range(600):
            try:
                self.connection.connect()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def ask(self, bodies: list[bytes]) -> None:
        """Post requests, one after another."""
        for number, body in enumerate(bodies):
            headers = {"content-type": "application/json", "authorization": f"Bearer sk-{number % 50}"}
            self.connection.request("POST", "/v1/chat/completions", body, headers)
            answer = self.connection.getresponse()
            assert answer.status == 200
            answer.read()

    def gaps(self) -> dict[str, float]:
        """How late the event loop was since it was last asked, in milliseconds."""
        self.connection.request("GET", "/gaps")
        return orjson.loads(self.connection.getresponse().read())

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def cpu_us(process: int) -> float:
    """CPU time of a process so far, microseconds, by the scheduler's clock."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e3


def measurers(folder: Path) -> list[int]:
    """The processes that measure for a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"gauger.host.measurer" in words and any(word.startswith(bytes(folder)) for word in words):
            found.append(int(entry.name))
    return found


def prepared(folder: Path, accounts: int) -> dict[str, str]:
    """A key, verdicts on so many accounts and a policy; the environment of a server that uses them."""
    (folder / "policy.toml").write_text(_RULES)
    published(folder / "verdicts", Secret.from_file(folder / "key"), accounts)
    return {
        "GAUGER_SPOOL": str(folder / "spool"),
        "GAUGER_VERDICTS": str(folder / "verdicts"),
        "GAUGER_POLICY": str(folder / "policy.toml"),
        "GAUGER_KEY_FILE": str(folder / "key"),
        "XDG_RUNTIME_DIR": str(folder),
    }


def measure(requests: int) -> dict[str, Any]:
    """requests : to either server"""
    chance = random.Random(2)
    bodies = [traffic.body(chance) for _ in range(requests + _WARM)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = prepared(folder, _ACCOUNTS)
        servers = {"bare": Server({}), "gauger": Server(environment)}
        for server in servers.values():
            server.ask(bodies[:_WARM])
        time.sleep(3)
        for server in servers.values():
            server.gaps()
        return _turns(servers, bodies[_WARM:], measurers(folder))


def _turns(servers: dict[str, Server], bodies: list[bytes], helpers: list[int]) -> dict[str, Any]:
    """The servers in turns; each turn waits until what it caused is done."""
    size = len(bodies) // _TURNS
    found: dict[str, list[float]] = {"bare": [], "gauger": [], "measuring": []}
    late: dict[str, list[dict[str, float]]] = {"bare": [], "gauger": []}
    for turn in range(_TURNS):
        for name, server in servers.items():
            before = cpu_us(server.process.pid), sum(map(cpu_us, helpers))
            server.ask(bodies[turn * size : (turn + 1) * size])
            time.sleep(1.5)
            found[name].append((cpu_us(server.process.pid) - before[0]) / size)
            if name == "gauger":
                found["measuring"].append((sum(map(cpu_us, helpers)) - before[1]) / size)
            late[name].append(server.gaps())
    for server in servers.values():
        server.stop()
    middle = {name: round(statistics.median(values), 1) for name, values in found.items()}
    return {
        "requests": len(bodies),
        "cpu_us": middle,
        "turns": {name: [round(value, 1) for value in values] for name, values in found.items()},
        "over_bare": round((middle["gauger"] + middle["measuring"]) / middle["bare"] - 1, 3),
        "over_bare_in_the_worker": round(middle["gauger"] / middle["bare"] - 1, 3),
        "late_ms": {name: _worst(values) for name, values in late.items()},
    }


def _worst(turns: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(max(turn[key] for turn in turns), 2) for key in turns[0]}
