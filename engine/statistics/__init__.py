"""What is said of an account in numbers, and the population that carries them."""
