"""``gauger serve`` as it runs: the service in the main thread, listeners in others, until it is told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from gauger.adapters.listening import Application, Listener, answer, routed
from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError
from gauger.host import Policy, Recorder, Verdicts
from gauger.logs.columns import load_column_map
from gauger.serve.service import Plan, Service

_TOKEN_BYTES_MAX, _TOKEN_CHARACTERS_MIN = 4_096, 16


def token_of(path: Path | None) -> str | None:
    """The bearer token in a file. Raises InputError for one that cannot be read, or is short enough to guess."""
    if path is None:
        return None
    try:
        token = read_bounded(path, _TOKEN_BYTES_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: cannot read the token") from None
    if len(token) < _TOKEN_CHARACTERS_MIN:
        raise InputError(f"{path}: a token has at least {_TOKEN_CHARACTERS_MIN} characters")
    return token


@dataclass(frozen=True)
class Doors:
    """Where the service is asked, and where calls come in beside the spool. None and nothing: nowhere."""

    listen: str | None = None  # HOST:PORT of metrics and health
    token_file: Path | None = None
    otlp: str | None = None  # HOST:PORT
    envoy: str | None = None  # HOST:PORT
    account_header: str = "x-gauger-account"
    policy: Path | None = None
    kafka: Sequence[str] = ()  # topics
    kafka_setting: Sequence[str] = ()  # NAME=VALUE
    columns: str | None = None


def serve(plan: Plan, doors: Doors) -> None:
    """Run until SIGTERM or SIGINT. Raises GaugerError for what cannot be used, before anything is taken in."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    token = token_of(doors.token_file)
    service = Service(plan)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop.set())
    running: list[Any] = []
    try:
        for one in _opened(service, doors, token):
            running.append(one)
        service.run()
    finally:
        for one in reversed(running):
            one.stop()


def _opened(service: Service, doors: Doors, token: str | None) -> Iterator[Any]:
    """Everything that listens or reads, each with ``stop``."""
    recorder = partial(Recorder, service.plan.spool, key=service.secret, verdicts=service.plan.publish)
    if doors.listen is not None:
        yield Listener(_application(service, token), doors.listen, token)
    if doors.otlp is not None:
        from gauger.adapters import otlp

        take = otlp.receiver(recorder(columns=otlp.MAP, limits=otlp.LIMITS))
        yield Listener(routed({("POST", path): take for path in otlp.PATHS}, token), doors.otlp, token)
    if doors.envoy is not None:
        from gauger.adapters import calls, envoy
        from gauger.adapters.environment import Parts

        verdicts = Verdicts.open(service.plan.publish, key=service.secret)
        policy = None if doors.policy is None else Policy.open(doors.policy, verdicts)
        given = Parts(recorder(columns=calls.MAP), verdicts, policy)
        yield Listener(envoy.service(given, doors.account_header, token), doors.envoy, token)
    if doors.kafka:
        from gauger.adapters.kafka import KafkaSource

        if doors.columns is None:  # all records would be refused, and said to be read
            raise InputError("--kafka: say with --columns how its records are read")
        load_column_map(doors.columns)
        yield KafkaSource(recorder(columns=doors.columns), list(doors.kafka), _settings(doors.kafka_setting))


def _settings(given: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE as a table. Raises InputError for what is none."""
    pairs = [one.partition("=") for one in given]
    if wrong := next((one for one, equals, _ in pairs if not equals), None):
        raise InputError(f"--kafka-setting {wrong}: give NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _application(service: Service, token: str | None) -> Application:
    from gauger.serve.metrics import CONTENT_TYPE, Metrics

    metrics = Metrics(service)

    async def tell(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        await answer(send, 200, metrics.text(), CONTENT_TYPE)

    async def health(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        record = service.record()
        await answer(send, 200 if record["healthy"] else 503, orjson.dumps(record), "application/json")

    return routed({("GET", "/metrics"): tell, ("GET", "/healthz"): health}, token, open_paths=("/healthz",))
