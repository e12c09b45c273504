"""Lab 2: Twenty years on one data set."""
