"""Lab 16: your own photographs."""
