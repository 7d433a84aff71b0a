"""Progress: told to whoever asked, and to nobody else."""

from gauger.engine.common import threads
from gauger.engine.common.progress import steps, tell, use


def test_nobody_who_did_not_ask_is_told() -> None:
    heard: list[tuple[str, int, int]] = []
    tell("before", 1, 2)
    with use(lambda *said: heard.append(said)):
        tell("inside", 1, 2)
        with use(None):
            tell("hushed")
        tell("again")
    tell("after")
    assert heard == [("inside", 1, 2), ("again", 0, 0)]


def test_steps_are_counted_from_any_thread() -> None:
    heard: list[tuple[str, int, int]] = []
    with use(lambda *said: heard.append(said)), threads.use(3):
        step = steps("folding", 40)
        threads.each(lambda _: step(), range(40))
    assert heard == [("folding", done, 40) for done in range(41)]
