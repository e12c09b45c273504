"""Lab 15: Distillation, soft and hard."""
