"""Chapter 13: DeiT, the recipe and distillation through attention."""
