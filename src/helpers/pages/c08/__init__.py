"""Chapter 8: attention in translation."""
