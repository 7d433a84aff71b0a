"""``python -m gauger`` is ``gauger``."""

from gauger.boundary import main

main()
