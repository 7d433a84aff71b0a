"""Segments: measured calls of a stretch of input, written once, by shard. No text."""
