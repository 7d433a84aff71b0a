"""What simulated people and machines say."""
