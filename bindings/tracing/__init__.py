"""Tracing in files: canaries and their commitments, a suspect's outputs, sketches of responses."""
