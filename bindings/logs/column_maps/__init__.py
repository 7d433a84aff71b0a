"""Column maps that ship with gauger, one TOML file a log format."""
