"""How a run goes: calls are taken in, weighed, and kept for later days. Each step is a function of what it is given."""
