"""Lab 13: Faces and occlusion."""
