"""Chapter 15: fine-tuning in practice."""
