"""``gauger serve``: takes in what hosts record, weighs the day every few minutes, and publishes what is found."""
