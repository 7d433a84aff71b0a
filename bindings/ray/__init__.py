"""gauger on Ray: the run of one machine, its steps as Ray's tasks. Extra ``gauger[ray]``.

from gauger.ray import score
result = score(["s3://logs/day"], state="state", out="s3://findings/day")
"""

from gauger.ray.scoring import score

__all__ = ["score"]
