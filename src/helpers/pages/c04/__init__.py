"""Chapter 4, Machine-learning complements."""
