"""Chapter 14, Beyond: CaiT, Swin, hybrids, ConvNeXt, Mixer."""
