"""Chapter 6: Twenty years of ConvNets."""
