"""Lab 9: What is left in the defaults."""
