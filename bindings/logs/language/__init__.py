"""The language of column maps: their files read, checked and described by a JSON Schema."""
