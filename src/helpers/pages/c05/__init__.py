"""Chapter 5: Convolutional networks."""
