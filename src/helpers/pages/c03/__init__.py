"""Chapter 3: back-propagation."""
