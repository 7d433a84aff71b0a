"""Answers between two runs: the snapshot, and families as they arrive."""
