"""What is kept of a stream of calls: sketches with update and merge, and how they are stored."""
