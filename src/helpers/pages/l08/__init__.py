"""Lab 8: Xception against ViT on dogs."""
