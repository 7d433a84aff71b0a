"""Kernels over accounts and their calls: folding, interning, neighbours, samples."""
