"""Lab 11: the claims under test."""
