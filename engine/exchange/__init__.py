"""Findings between providers: what is handed over of one, how it is written, and what it says of other accounts."""
