"""Chapter 6: Twenty years of ConvNets: LeNet-5 to ConvNeXt."""
