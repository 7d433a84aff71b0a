"""``gauger bench``: the stages on this machine, beside other libraries."""
