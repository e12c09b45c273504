"""Lab 6: our networks are timm's."""
