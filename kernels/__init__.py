"""Serial nogil Numba kernels over arrays and scalars; no I/O, no Python objects, no configuration."""
