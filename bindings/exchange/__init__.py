"""Findings between providers: made from a run and its state, read from files, weighed, and told."""
