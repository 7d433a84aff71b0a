"""From a batch in any Arrow layout to measured calls, with a reason for every refused row."""
