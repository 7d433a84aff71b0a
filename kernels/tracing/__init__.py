"""Kernels of tracing: keyed values of token windows."""
