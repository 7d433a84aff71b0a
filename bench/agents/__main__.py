"""Agents: campaigns that harvest whole runs of agents, among people and honest agents.

Three clean days make the reference. Each has people's chats, as all benches have them, and accounts of honest agents
and chat assistants with their whole contexts: coding sessions, a study's programmers, translated conversations. Today a
campaign's accounts send calls of published agent runs, a run after the other, pure or padded with people's prompts.
The log has time, account, address and messages; it is measured as it is and without what one role says.

Run as ``python -m bench.agents --seeds 51`` from the root of the repository.
"""

from collections.abc import Sequence

from bench.agents.measure import measure
from bench.agents.page import figure
from bench.agents.transcripts import VIEWS
from bench.days.command import parser_of, run


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = parser_of("agents", __doc__, (51,), 40_000)
    parser.prog = "python -m bench.agents"
    parser.add_argument("--accounts", type=int, default=250, help="of a campaign, fewer where runs end (%(default)s)")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=list(VIEWS), help="what the log holds")
    chosen = parser.parse_args(arguments)
    run(chosen, lambda days: list(measure(days, chosen.calls, chosen.accounts, chosen.views)), figure)


if __name__ == "__main__":
    main()
