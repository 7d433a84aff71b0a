"""Tracing: whether outputs descend from what was served to a campaign. Lotteries, commitments, exact tests."""
