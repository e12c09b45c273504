"""Lab 5: a Transformer from scratch."""
