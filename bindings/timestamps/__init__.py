"""Times that somebody else vouches for: stamps of RFC 3161."""
