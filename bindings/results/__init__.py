"""A finished run, read back."""
