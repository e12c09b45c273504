"""Lab 1: From the tangent to an MLP."""
