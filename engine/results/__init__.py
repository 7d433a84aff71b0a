"""The tables of a finished run."""
