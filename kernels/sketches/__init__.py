"""Kernels of the sketches: MinHash, HyperLogLog, count-min."""
