"""``python -m bench.families``."""

from bench.families.run import main

if __name__ == "__main__":
    main()
