"""Chapter 7: What is missing? From local to global."""
