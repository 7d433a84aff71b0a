"""A run in steps that travel: each a function of a folder of bytes and a few small things everybody knows."""
