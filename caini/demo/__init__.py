"""A simulated shop with known truth: for the demo, tests, load and experiments."""
