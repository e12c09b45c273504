"""Lab 3: receptive fields."""
