"""Chapter 17: Faces, distance and occlusion."""
