"""Files before anything is known of their format: compression, encoding, lines, JSON values, limits, folder names."""
