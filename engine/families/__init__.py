"""Which prompts belong together: templates, near-duplicates, exact copies."""
