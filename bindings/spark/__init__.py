"""gauger on Spark: the run of one machine, its steps as Spark's tasks. Extra ``gauger[spark]``.

from gauger.spark import score
result = score(spark, spark.read.parquet("s3a://logs/day"), state="state", out="s3://findings/day")
result.table(spark, "accounts").show()
"""

from gauger.spark.scoring import Scored, score

__all__ = ["Scored", "score"]
