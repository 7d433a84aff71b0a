"""Words: numbers, names and findings as a person reads them. Imports nothing of the other rooms of ``bindings``."""
