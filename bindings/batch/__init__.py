"""Commands over whole logs: score, week, evaluate, demo, and the tables they write."""
