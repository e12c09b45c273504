"""Chapter 18: from proof of concept to production."""
