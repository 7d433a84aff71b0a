"""Kernels over prompts: tokens, hashes, shingles, features, frame grams, and the pass that joins them."""
