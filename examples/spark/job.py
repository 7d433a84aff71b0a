"""spark-submit examples/spark/job.py s3://logs/2026-03-16 --out s3://findings/2026-03-16 --state state"""

from gauger.spark.__main__ import main

main()
