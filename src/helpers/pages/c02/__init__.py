"""Chapter 2, The 2000s: visual words and SVM."""
