"""Lab 14: Depth, LayerScale and class attention."""
