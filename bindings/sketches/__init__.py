"""The sketches by themselves: signatures, HyperLogLog and count-min of a column of texts, token ids or integers.

    values        any column -> Arrow arrays a kernel may read
    signatures    MinHash signatures and their similarity
    hyperloglog   how many distinct
    countmin      how often
    header        the first 24 bytes of a stored sketch
    datasketch    hand-over to the library of that name, and back

The guide, with the memory layout of each and its error bound, is ``docs/sketches.md``.
"""
