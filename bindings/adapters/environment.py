"""What an adapter is told by its environment, where the host gives it no other way: three lines of it are enough."""

from __future__ import annotations

import os
from dataclasses import dataclass

from gauger.host import Policy, Recorder, Verdicts

SPOOL, VERDICTS, POLICY = "GAUGER_SPOOL", "GAUGER_VERDICTS", "GAUGER_POLICY"


@dataclass(frozen=True)
class Parts:
    """What a host uses of gauger; whatever is None is left out."""

    recorder: Recorder | None = None
    verdicts: Verdicts | None = None
    policy: Policy | None = None


def parts(columns: str) -> Parts:
    """What GAUGER_SPOOL, GAUGER_VERDICTS and GAUGER_POLICY name, under the key of GAUGER_KEY_FILE.

    columns : the map of the records that the host gives. Raises GaugerError for what cannot be used.
    """
    spool, published, rules = (os.environ.get(name) for name in (SPOOL, VERDICTS, POLICY))
    verdicts = None if published is None else Verdicts.open(published)
    return Parts(
        recorder=None if spool is None else Recorder(spool, verdicts=published, columns=columns),
        verdicts=verdicts,
        policy=None if rules is None or verdicts is None else Policy.open(rules, verdicts),
    )
