"""Chapter 11: ViT versus CNN, ten claims under test."""
