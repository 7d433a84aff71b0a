"""Which flagged accounts act as one, what they are, and which finding of earlier days they are."""
