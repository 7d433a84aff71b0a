"""Batch jobs: a day or a week of logs in, tables out; what they found held against the truth."""
