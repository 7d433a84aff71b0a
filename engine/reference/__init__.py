"""Kept days: the state directory, decontamination, drift, held-out days, weeks."""
