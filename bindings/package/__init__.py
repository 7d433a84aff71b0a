"""A finding as a folder that anybody can check: its numbers, where they come from, a chain of digests, a signature."""
