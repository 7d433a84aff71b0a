"""Logs as people have them: readers, column maps, converters."""
