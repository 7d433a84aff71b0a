"""Taking calls in: parts of an input are admitted, measured on several threads, and folded in their order."""

import queue
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gauger.engine.common import threads
from gauger.engine.common.errors import InputError, KernelInputError, StateError
from gauger.engine.intake.admission import Admitted
from gauger.engine.intake.conversation import said
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.engine.intake.parts import Event, Failed, Part, Refused, Taken, pieces
from gauger.engine.state.state import Prepared, State, prepare

Admit = Callable[[Part], tuple[Admitted, Measurer]]


@dataclass(frozen=True)
class _Work:
    """Admitted rows on their way to a thread."""

    part: Part
    admitted: Admitted
    measurer: Measurer


def ingest(state: State, parts: Iterable[Part], admit: Admit, workers: int) -> Iterator[Event]:
    """Fold many parts into the state; yields what became of them as it becomes known.

    admit : says which rows of a part are calls, and who measures them; it is asked part by part, in order
    workers : threads that measure

    Parts are folded in order, whatever thread measured them, so that the number of threads changes nothing. A part that
    cannot be admitted at all (columns missing, corrupt Arrow data) is yielded as Failed, and the rest goes on.
    """
    sketches: queue.SimpleQueue[WordSketch] = queue.SimpleQueue()
    for _ in range(workers):
        sketches.put(WordSketch())

    def measured(work: _Work) -> tuple[_Work, Prepared]:
        sketch = sketches.get()
        try:
            calls = said(work.admitted.calls)
            measures = work.measurer.measure(calls, sketch)
            contexts = work.measurer.contexts(calls, state.settings)
        finally:
            sketches.put(sketch)
        return work, prepare(calls, measures, state.secret.key, contexts)

    for found in threads.ahead(measured, _admitted(parts, admit), Event, workers):
        if isinstance(found, Event):
            yield found
            continue
        work, prepared = found
        assert isinstance(work.part.file, int)
        state.fold(prepared, file=work.part.file, rows=work.part.rows[work.admitted.rows])
        yield Taken(work.part.file, work.admitted.calls.num_rows)
    for _ in range(workers):
        state.words.merge(sketches.get())


def _admitted(parts: Iterable[Part], admit: Admit) -> Iterator[_Work | Event]:
    """Each piece of each part: what was refused, and what there is to measure."""
    for part in pieces(parts):
        assert isinstance(part.file, int), "an engine takes files one by one"
        try:
            found, measurer = admit(part)
        except (InputError, KernelInputError, StateError) as error:
            yield Failed(part.file, part.rows, str(error))
            continue
        if len(found.rejected):
            yield Refused(part.file, part.rows[found.rejected], found.reasons, found.accounts)
        if found.calls.num_rows:
            yield _Work(part, found, measurer)
