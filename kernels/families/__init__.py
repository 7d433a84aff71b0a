"""Kernels that group prompts: bands, linkage, frames and what fills them."""
