"""Apart: ORC decoded in a process of its own, as the library that does it can crash on a damaged file.

The child is this file, run as a program with nothing of gauger imported. It writes the schema, reads a line with the
columns that are wanted, as JSON, and writes the stripes as an Arrow stream.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

_PATIENCE_S, _SAID_BYTES = 10.0, 1 << 16
_ROWS = b"rows"  # in the metadata of the schema


class Decoded:
    """An ORC file that a child decodes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders, self._answers = process.stdin, process.stdout
        self.schema: pa.Schema = pa.ipc.read_schema(self._answers)
        self.rows = int(self.schema.metadata[_ROWS])  # as the file says

    def stripes(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """The file's stripes, some ``columns`` of each."""
        self._orders.write(json.dumps(columns).encode() + b"\n")
        self._orders.flush()
        yield from pa.ipc.open_stream(self._answers)


@contextmanager
def decoded(path: Path) -> Iterator[Decoded]:
    """A child that decodes ``path``, and is gone afterwards. Where it fails: ``pa.ArrowInvalid``, with its words."""
    command = [sys.executable, "-P", __file__, str(path)]  # -P: modules beside this file are not the child's
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # wherever pyarrow was found
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, env=environment)
        try:
            yield Decoded(process)
        except (pa.ArrowException, OSError):
            _end(process, _PATIENCE_S)  # it has something to say
            said.seek(0)
            raise pa.ArrowInvalid(said.read(_SAID_BYTES).decode(errors="replace")) from None
        finally:
            _end(process, 0.0)


def _end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Let a child end by itself, for so long; nobody listens to it any more."""
    for stream in filter(None, (process.stdin, process.stdout)):
        with suppress(OSError):
            stream.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    process.wait()


def main() -> None:
    """What the child does."""
    import pyarrow.orc

    try:
        file = pyarrow.orc.ORCFile(sys.argv[1])
        out = sys.stdout.buffer
        out.write(file.schema.with_metadata({_ROWS: str(file.nrows).encode()}).serialize())
        out.flush()
        columns = json.loads(sys.stdin.readline())
        schema = pa.schema([file.schema.field(name) for name in columns])
        with pa.ipc.new_stream(out, schema) as writer:
            for stripe in range(file.nstripes):
                batch = file.read_stripe(stripe, columns=columns)
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                out.flush()  # what comes before a crash stands
    except (pa.ArrowException, OSError, MemoryError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
