"""Chapter 1, images, classes and honest evaluation: what serves that page alone."""
