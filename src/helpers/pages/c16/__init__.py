"""Chapter 16: looking inside."""
