"""Chapter 10: the Vision Transformer."""
