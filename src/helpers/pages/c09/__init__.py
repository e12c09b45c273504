"""Chapter 9: the Transformer."""
