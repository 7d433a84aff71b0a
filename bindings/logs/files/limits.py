"""Limits: what a file may hold and still be a log. Each is named in the error or reason of what goes beyond it.

They are far above any log, and keep a crafted file of some kilobytes from taking minutes and gigabytes.
"""

LINE_BYTES_MAX = 64 << 20  # of a line, or of a JSON record
NODES_MAX = 1_000_000  # values in a JSON record; each takes a hundred bytes or more when it is parsed
NODES_COUNTED_BYTES = 1 << 20  # shorter records hold fewer anyway and are not counted
DEPTH_MAX = 1_000  # of brackets inside each other; orjson takes about as many
COLUMNS_MAX = 10_000  # of a table
CELL_BYTES_MAX = 16 << 20  # of a CSV cell, or row
CELL_LINES_MAX = 10_000  # of a CSV cell
TORN_QUOTES_MAX = 1_000  # of a CSV file: each costs a second reading of some lines
BROKEN_ROWS_MAX = 1_000_000  # of a file: rows that cannot even be parsed

# What a small file may grow to. Logs have tens of bytes a row, and shrink to a hundredth at the very best.
ROWS_FREE = 200_000
ROWS_PER_BYTE = 8
DECODED_FREE = 128 << 20
DECODED_PER_BYTE = 1_000


def rows_max(file_bytes: int) -> int:
    """Rows a file of that size may hold."""
    return ROWS_FREE + ROWS_PER_BYTE * file_bytes


def decoded_max(file_bytes: int) -> int:
    """Bytes that the values of a file of that size may take."""
    return DECODED_FREE + DECODED_PER_BYTE * file_bytes
