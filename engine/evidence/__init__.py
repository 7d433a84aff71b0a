"""How odd each account is against the reference: parts of evidence and their combination."""
