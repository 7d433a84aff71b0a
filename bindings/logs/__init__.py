"""Logs as people have them: readers by format, column maps, converters of fields, spans of traces."""
