"""``python -m gauger`` is ``gauger``."""

from gauger.cli import main

main(prog_name="gauger")
