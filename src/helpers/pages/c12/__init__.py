"""Chapter 12: data, pre-training and regularisation."""
