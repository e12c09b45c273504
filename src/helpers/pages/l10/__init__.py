"""Lab 10: Augmentation."""
