"""Lab 7: Where the two cross."""
