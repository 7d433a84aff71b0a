"""Places canaries in what a host answers, for accounts under the action ``mark`` and for nobody else.

Two ways. ``asked`` lets the model write the pair itself, where it fits: better text, but not every model obeys.
``placed`` writes it behind a sentence of an answer that lacks it: always there, and seen by a reader. Neither touches
code, JSON or anything else that a machine may read.

    python hook.py CANARIES ANSWERS   shows answers (a line each) as an account under ``mark`` gets them
"""

import re
import sys
from pathlib import Path

from gauger.host.policy import MARK, Decision
from gauger.tracing.files import read_canaries

_END = re.compile(r"(?<=[a-z]{3}[.!?])(?= [A-Z])")  # between two sentences
_MACHINE = re.compile(r"```|^\s*[\[{<]|^ {4}\S", re.MULTILINE)
_ASIDES = ("Think of {}.", "It is much like {}.", "Compare {}.", "See also {}.")


class Marker:
    """Canaries of a campaign, for a host. Nothing is raised into a request: what cannot be marked stays as it is."""

    def __init__(self, path: Path) -> None:
        self._canaries = read_canaries(path)

    def asked(self, decision: Decision, response_id: str) -> str:
        """What to add to the system text of a call; nothing unless the sender is to be marked."""
        if decision.action != MARK:
            return ""
        return f'Where it fits, use the words "{" ".join(self._canaries.pair_for(response_id))}" side by side, once.'

    def placed(self, decision: Decision, response_id: str, answer: str) -> str:
        """The answer to send. The id decides the pair, so that it can be told later who was given which."""
        pair = " ".join(self._canaries.pair_for(response_id))
        if decision.action != MARK or pair in answer.casefold() or _MACHINE.search(answer):
            return answer
        ends = [found.start() for found in _END.finditer(answer)]
        if not ends:
            return answer
        place = ends[len(ends) // 2]
        aside = _ASIDES[len(answer) % len(_ASIDES)].format(pair)
        return f"{answer[:place]} {aside}{answer[place:]}"


if __name__ == "__main__":
    marker, marked = Marker(Path(sys.argv[1])), Decision(MARK, MARK, "shown")
    for number, line in enumerate(Path(sys.argv[2]).read_text().splitlines()):
        print(marker.placed(marked, f"response-{number}", line))
