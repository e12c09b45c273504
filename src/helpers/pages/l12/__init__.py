"""Lab 12: Inside the models."""
