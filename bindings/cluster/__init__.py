"""A run on many machines: what Spark and Ray have in common. Neither is imported here."""
