"""Findings in words, for a terminal."""
