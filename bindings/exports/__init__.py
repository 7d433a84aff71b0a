"""Findings for other systems: in their formats, and to their doors."""
