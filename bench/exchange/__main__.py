"""``python -m bench.exchange``."""

from bench.exchange.run import main

if __name__ == "__main__":
    main()
