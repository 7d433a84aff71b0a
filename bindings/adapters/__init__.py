"""Adapters: ``gauger.host`` in the hosts that serve models. Each is thin, and imports its host."""
